// Package address understands e-mail addresses as people write them: one at a
// time, or a whole list pasted into a manifest.
//
// It promises one canonical form, so that two spellings of an address compare
// equal exactly when they are the same mailbox as far as a mail system can
// tell from outside; errors that say what is wrong and what to write instead,
// bounded and without control characters, because they reach users; and that a
// list never loses a valid address because of what stands around it.
//
// It accepts less than RFC 5322 allows: no quoted local parts, comments,
// address literals, route syntax or single-label domains, and no local parts
// outside ASCII (RFC 6531), because mail servers on the way may not take them.
// net/mail accepts "a@b", "a@-bad.com" and "foo@bar.com×"; this package refuses
// them. It does not ask the DNS, does not fold "+tags" or dots, and says
// nothing about whether a mailbox exists.
package address
