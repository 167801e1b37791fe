// Package ability says in the words of the API what a backend can hold, and what
// of a declaration it cannot: before anything is done, so that nothing is lost
// or left out in silence.
//
// It promises that everything that is lacking is named at once, sorted, with
// what to do about it, and that the same declaration and the same backend lead
// to the same words.
//
// It asks a backend for nothing but [directory.Capabilities], and changes
// nothing. It does not judge whether what is declared exists.
package ability
