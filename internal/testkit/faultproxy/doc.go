// Package faultproxy stands between a client and a server, on loopback, and
// breaks the request that a test names: "the third request from now is lost on
// the way", "the reply to this one never arrives". It is the [wirefault.Path] of
// systems that speak HTTP. Everything else it passes on as it is, in both
// directions.
//
// What each fault is, package wirefault says. Here the server gets and does what
// it was asked with LostReply, Slow, GatewayTimeout and Truncated, and with Late
// once the proxy is mended; with all others it never sees the request. A truncated
// answer is the first half of the server's own, with a Content-Length to match,
// so that only its reader can tell. RateLimited and Unavailable name one second in
// Retry-After; no answer of the proxy's own has a body that is SCIM.
//
// It promises that each request is on a connection of its own, so that the HTTP
// client of Go never repeats one behind the test's back (it does that with GET on
// a connection it has used before): the count of requests is the number that
// clients made.
//
// It rewrites nothing: a URL in an answer, such as meta.location, is the server's
// own and leads past the proxy. It knows no WebSockets and no trailers, and holds
// each request and reply whole in memory.
package faultproxy
