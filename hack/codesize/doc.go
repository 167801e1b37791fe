// Command codesize measures how long the files and functions of the repository are, and prints it as a row of the
// table in docs/dev/code-size.md.
//
//	go run ./hack/codesize               print the row
//	go run ./hack/codesize -longest 10   and the ten longest functions and files
//	go run ./hack/codesize -write FILE   put the row between the markers of FILE
//	go run ./hack/codesize -check FILE   fail when FILE has no place for the row
//
// It measures Go that people wrote and that is no test. A function's length is from its first line to its last,
// without the comment above it; a function literal counts as part of what it stands in. It judges nothing: the linter
// has the limits, and the row is there to see where the code is heading.
package main
