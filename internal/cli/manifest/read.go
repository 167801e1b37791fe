package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	yamldocs "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 16 << 20

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Document is one object of a file.
type Document struct {
	// File is the path as it was found, and Line the one where the object begins.
	File string
	Line int
	// Object is what was read, without defaults.
	Object unstructured.Unstructured

	node *yamlv3.Node
}

// Problem is something wrong in a file.
type Problem struct {
	File string `json:"file"`
	// Line is 0 where there is none to tell.
	Line int `json:"line,omitempty"`
	// Message is one sentence that says what is wrong and what to do.
	Message string `json:"message"`
}

// String is one line, as compilers write it.
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// Read reads files, and all .yaml, .yml and .json files below folders, in the
// order of their paths. Hidden folders are left out. An error means that a path
// cannot be read at all; what is wrong inside a file is a Problem.
func Read(stdin io.Reader, paths ...string) ([]Document, []Problem, error) {
	var documents []Document
	var problems []Problem
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			return nil, nil, err
		}
		for _, file := range files {
			text, err := readFile(stdin, file)
			if err != nil {
				return nil, nil, err
			}
			found, wrong := Parse(file, text)
			documents, problems = append(documents, found...), append(problems, wrong...)
		}
	}
	return documents, problems, nil
}

func filesOf(path string) ([]string, error) {
	if path == Stdin {
		return []string{Stdin}, nil
	}
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var files []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && name != path
		switch {
		case entry.IsDir() && hidden:
			return filepath.SkipDir
		case !entry.IsDir() && !hidden && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)):
			files = append(files, name)
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

func readFile(stdin io.Reader, name string) ([]byte, error) {
	from := stdin
	if name != Stdin {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB; split it", name, maxFile>>20)
	}
	return text, nil
}

// Parse reads the documents of one file. The items of a List are documents of
// their own.
func Parse(file string, text []byte) ([]Document, []Problem) {
	var documents []Document
	var problems []Problem
	reader := yamldocs.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for from := 0; ; {
		raw, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, problems
		}
		if err != nil {
			return documents, append(problems, Problem{File: file, Message: "is not YAML: " + err.Error()})
		}
		line := 1
		// The reader does not tell where a document stood.
		if at := bytes.Index(text[from:], raw); at >= 0 {
			line += bytes.Count(text[:from+at], []byte("\n"))
			from += at + len(raw)
		}
		found, problem := document(file, line, raw)
		if problem != nil {
			problems = append(problems, *problem)
		}
		documents = append(documents, found...)
	}
}

func document(file string, line int, raw []byte) ([]Document, *Problem) {
	var node yamlv3.Node
	if err := yamlv3.Unmarshal(raw, &node); err != nil {
		return nil, &Problem{file, line, "this document is not YAML: " + strings.TrimPrefix(inFile(err, line), "yaml: ")}
	}
	if len(node.Content) == 0 || node.Content[0].Tag == "!!null" {
		return nil, nil
	}
	shift(&node, line-1)
	var object map[string]any
	if err := yaml.UnmarshalStrict(raw, &object); err != nil {
		return nil, &Problem{file, node.Content[0].Line, "this document cannot be read: " + inFile(err, line)}
	}
	d := Document{File: file, Line: node.Content[0].Line, Object: unstructured.Unstructured{Object: object}, node: node.Content[0]}
	if d.Object.GetAPIVersion() == "" || d.Object.GetKind() == "" {
		return nil, &Problem{file, d.Line, "this document has no apiVersion or no kind; every manifest needs both"}
	}
	if items, isList := object["items"].([]any); isList && strings.HasSuffix(d.Object.GetKind(), "List") {
		return d.items(items)
	}
	return []Document{d}, nil
}

func (d Document) items(items []any) ([]Document, *Problem) {
	var all []Document
	for i, item := range items {
		object, ok := item.(map[string]any)
		node := d.find(fmt.Sprintf("items[%d]", i))
		if !ok || node == nil {
			return all, &Problem{d.File, d.Line, fmt.Sprintf("items[%d] of this list is no object", i)}
		}
		all = append(all, Document{File: d.File, Line: node.Line, Object: unstructured.Unstructured{Object: object}, node: node})
	}
	return all, nil
}

func shift(n *yamlv3.Node, by int) {
	n.Line += by
	for _, child := range n.Content {
		shift(child, by)
	}
}

// inFile is an error on one line, with the lines of the file for those of a
// document that begins at the given one.
func inFile(err error, begins int) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return regexp.MustCompile(`\bline (\d+)`).ReplaceAllStringFunc(text, func(found string) string {
		n, err := strconv.Atoi(strings.TrimPrefix(found, "line "))
		if err != nil {
			return found
		}
		return fmt.Sprintf("line %d", n+begins-1)
	})
}
