package gosource

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// File is one parsed Go file.
type File struct {
	// Path is relative to the repository, with slashes.
	Path string
	// Lines counts the lines of the file.
	Lines int
	// AST has comments, and no resolved identifiers.
	AST *ast.File

	positions *token.FileSet
}

// Folder returns the path of the folder that the file is in.
func (f File) Folder() string { return path.Dir(f.Path) }

// IsTest reports whether the file belongs to a test.
func (f File) IsTest() bool { return strings.HasSuffix(f.Path, "_test.go") }

// IsGenerated reports whether the file says, in the form that Go defines, that a program wrote it.
func (f File) IsGenerated() bool { return ast.IsGenerated(f.AST) }

// Line returns the line on which the position is, counted from 1.
func (f File) Line(pos token.Pos) int { return f.positions.Position(pos).Line }

// Functions returns the functions and methods declared in the file.
func (f File) Functions() []*ast.FuncDecl {
	var found []*ast.FuncDecl
	for _, decl := range f.AST.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			found = append(found, fn)
		}
	}
	return found
}

// Files parses all Go files of the repository. A file that does not parse is an error: nothing said about the others
// would be the whole truth.
func Files(repository fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(repository, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && !holdsCode(name):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		file, err := parse(repository, name)
		if err != nil {
			return err
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the Go files: %w", err)
	}
	return files, nil
}

func holdsCode(folder string) bool {
	if folder == "." {
		return true
	}
	switch base := path.Base(folder); base {
	case "bin", "testdata", "vendor":
		return false
	default:
		return base[0] != '.' && base[0] != '_'
	}
}

func parse(repository fs.FS, name string) (File, error) {
	source, err := fs.ReadFile(repository, name)
	if err != nil {
		return File{}, err
	}
	positions := token.NewFileSet()
	tree, err := parser.ParseFile(positions, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, err
	}
	lines := bytes.Count(source, []byte("\n"))
	if len(source) > 0 && source[len(source)-1] != '\n' {
		lines++
	}
	return File{Path: name, Lines: lines, AST: tree, positions: positions}, nil
}
