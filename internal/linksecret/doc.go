// Package linksecret keeps Secrets that hold a link for people to copy, with its
// QR code and its end: those of a person's invitation, and those of a link that
// many share.
//
// It promises that a Secret is owned by the object that it belongs to, that one
// of somebody else is neither changed nor deleted, and that nothing is written
// when nothing differs. It does not make links, and says nothing of what they
// open.
package linksecret
