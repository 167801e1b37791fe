// Package live draws on a terminal in place: what is drawn next replaces what
// was drawn before.
//
// It promises that nothing drawn is wider or higher than the terminal, because
// what wraps or scrolls away cannot be replaced, and that all text is escaped;
// the only control sequences written are its own. It draws lines; it has no
// windows, colors or keys.
package live
