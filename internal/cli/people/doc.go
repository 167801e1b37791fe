// Package people reads tables of people, as spreadsheets export them.
//
// It promises that every line leads to a User or to a [Problem] with its number
// and what to write instead; that quotes, semicolons, tabs and the byte order
// mark of spreadsheets are understood; and that a header which means nothing is
// told, because a column that is silently ignored is a promise broken.
//
// It does not ask a cluster, and guesses nothing: a value that is not valid is
// a problem of its line.
package people
