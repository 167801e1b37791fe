// Package mail writes invitation mails and hands them to a mail server.
//
// [Render] turns a claimed delivery into a message, [Server] says how to reach
// a mail server, and [Outbox] takes deliveries from a [Queue], hands each one
// over and records how that ended.
//
// It promises that
//   - every attempt ends in exactly one of the four results of
//     [directory.DeliveryResult], and [directory.ResultRetry] is never said of
//     a message that the server can have taken;
//   - a retry of a delivery is the same message, byte for byte, but for its
//     Date: same Message-ID, same link, same MIME boundary;
//   - nothing that a name, a message or an address contains becomes a header,
//     an address, markup, a link, or changes the reading direction of text
//     around it;
//   - a password never crosses a network unencrypted;
//   - a mail server that is down or slow delays only the mail that needs it.
//
// It does not promise that a mail arrives, nor that it arrives once: when the
// connection is lost after the final dot nobody can know, it says so, and the
// ledger decides what follows. It decides nothing about retries, expiry or
// rates of an organization; the queue does.
package mail
