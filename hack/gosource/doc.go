// Package gosource finds and parses the Go files of the repository, for the programs in hack that look at them.
//
// It promises every file of every module that the go command would see, in the order of their paths. It leaves out
// folders that hold no code of ours: bin, testdata, vendor, and whatever starts with a dot or an underscore.
package gosource
