package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// errFound says that the project is not as it should be; what was found is printed already.
var errFound = errors.New("see above")

func main() {
	root := flag.String("root", ".", "folder of the repository")
	listRows := flag.Bool("rows", false, "print the rows and the stories that tell them, and check nothing")
	flag.Parse()
	if err := run(os.Stdout, *root, *listRows); err != nil {
		fmt.Fprintln(os.Stderr, "layout:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, root string, listRows bool) error {
	p, err := open(os.DirFS(root))
	if err != nil {
		return err
	}
	if listRows {
		return printRows(out, p)
	}
	findings, err := inspect(p)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if _, err := fmt.Fprintln(out, f); err != nil {
			return err
		}
	}
	if len(findings) > 0 {
		return errFound
	}
	return nil
}
