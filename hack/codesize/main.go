package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/rollcall-dev/rollcall/hack/gosource"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "codesize:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("codesize", flag.ExitOnError)
	root := flags.String("root", ".", "folder of the repository")
	write := flags.String("write", "", "document to put the row into")
	check := flags.String("check", "", "document that must have a place for the row")
	longest := flags.Int("longest", 0, "how many of the longest functions and files to list")
	if err := flags.Parse(args); err != nil {
		return err
	}
	repository := os.DirFS(*root)
	files, err := gosource.Files(repository)
	if err != nil {
		return err
	}
	sizes := measure(files)
	switch {
	case *write != "":
		return writeRow(repository, *root, *write, sizes.row())
	case *check != "":
		return checkRow(repository, *check)
	}
	if _, err := fmt.Fprintln(out, sizes.row()); err != nil {
		return err
	}
	return sizes.printLongest(out, *longest)
}

func writeRow(repository fs.FS, root, name, row string) error {
	document, err := fs.ReadFile(repository, name)
	if err != nil {
		return err
	}
	updated, err := placeRow(string(document), row)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	folder, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	return folder.WriteFile(name, []byte(updated), 0o644)
}

func checkRow(repository fs.FS, name string) error {
	document, err := fs.ReadFile(repository, name)
	if err != nil {
		return err
	}
	if _, err := placeRow(string(document), ""); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
