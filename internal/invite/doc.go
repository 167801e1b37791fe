// Package invite holds what can be decided about an invitation without I/O, and
// the tokens that its links carry.
//
// A token is 32 bytes, HMAC-SHA256 over the invitation's id, its revision and a
// random nonce, under a key that only the issuing process has. So
//   - the same link can be made again for a retry, and is stored nowhere;
//   - the database holds the token's hash and the nonce: whoever reads it cannot
//     make a link, and neither can whoever has the key alone;
//   - a newer revision has another token, and the older one opens nothing.
//
// The package promises that keys and tokens do not print themselves: formatted
// or logged they are a placeholder. It does not say whether a token is still
// good; only the ledger's conditional update can.
package invite
