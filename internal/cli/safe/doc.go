// Package safe keeps text from elsewhere from talking to the terminal: names,
// messages and addresses come from people, and may hold escape sequences, line
// breaks, or marks that turn the direction of a line around.
//
// It promises that what passes through it holds printable characters, line
// feeds and tabs, and nothing else; all else becomes an escape that says what
// it was, so that nothing is hidden. It does not judge what characters look
// alike.
package safe
