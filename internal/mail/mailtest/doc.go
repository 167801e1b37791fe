// Package mailtest is a mail server that keeps what it is given: for tests, and
// for trying Rollcall out on one machine.
//
// [Start] starts a real SMTP server on the loopback interface. Tests look at
// what it took with [Sink.Messages] and [Sink.Wait], and make it fail at a
// chosen moment of the conversation with [Sink.Inject]. [Inbox] shows its
// messages on a web page.
//
// It promises that a message that it answered with 250 is on disk, when it has
// a directory, and that a message which is handed over again under the same
// Message-ID is the same message with a higher Count. It relays nothing, and
// does not defend itself: it must not be reachable from outside.
package mailtest
