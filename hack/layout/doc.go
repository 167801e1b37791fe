// Command layout checks the rules of this repository that no linter knows: what may lie at the top, that every package
// says what it is for, that a kind has its document, sample, CRD and entry in PROJECT, that every condition and reason
// is explained, that stories name the row they tell, and that decisions are numbered and complete.
//
//	go run ./hack/layout         check
//	go run ./hack/layout -rows   print which story tells which row, and which rows nobody has told
//
// It prints one line for each thing it finds, "path: what is wrong: what to do", and then fails. It looks at files
// only: it builds nothing, runs nothing, and does not ask whether a text is any good.
package main
