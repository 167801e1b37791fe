// Package qr draws a QR code with characters, two modules in each, so that a
// phone can read a link from a terminal.
//
// It promises a quiet zone all around and dark modules on a light ground,
// whatever the colors of the terminal are. It does not write files.
package qr
