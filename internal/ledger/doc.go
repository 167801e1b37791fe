// Package ledger is the durable record of what was done to the outside world:
// which invitations were issued, what became of them, which mails were handed
// over, and who did it.
//
// # What it promises
//
//   - An invitation and the intent to mail it are one transaction. What follows
//     is a function of the record, whatever crashes.
//   - A delivery is claimed, and the claim committed, before anything is sent;
//     two processes never claim the same one. A claim that was not finished in
//     time is unknown: nobody can know whether the mail went out. Under
//     directory.UnknownResendOnce it is queued once more, with the same
//     Message-ID and the same link, and never again; under
//     directory.UnknownHold it stays unknown. So an invitation is mailed at most
//     twice, or at most once; and it is sent, refused with a reason, or marked.
//   - A link is redeemed at most once, by one conditional update that checks
//     state and expiry, in the caller's transaction. An address never has two
//     links that work.
//   - Of any number of people who confirm their address at once, as many join by
//     a shareable link as it has uses left: the statement that counts a use also
//     checks link, rotation, expiry and number, in the transaction that redeems.
//     The process that takes somebody's wish to join needs no key.
//   - Changes are numbered in the order of their commits, without gaps.
//   - What is as it should be is not written.
//
// # What it does not promise
//
// The ledger does not send mail, and does not know whether a mail server kept
// its word. It does not expire anything: an invitation whose time is up is
// expired, whoever looks. It never holds a token or a link, only a hash and a
// nonce, so a link can be made again only with the key it was made with.
//
// # States of a delivery
//
//	Queued ──claim──▶ Claimed ──▶ Sent
//	  ▲ │                │ ├────▶ Rejected
//	  │ └─▶ Cancelled    │ └────▶ Unknown
//	  └── retry, or once after unknown
//
// A queued delivery is cancelled when its invitation ends, or when it is due
// and the invitation has expired.
package ledger
