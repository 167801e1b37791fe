package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// The formats of -o.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatYAML  = "yaml"
)

// output is the value of -o.
type output struct{ format string }

func (o *output) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.format, "output", "o", formatTable, "Output format: table, json or yaml.")
	complete(cmd, "output", formatTable, formatJSON, formatYAML)
}

func (o *output) check() error {
	if !slices.Contains([]string{formatTable, formatJSON, formatYAML}, o.format) {
		return wrongUsage("-o %q is not one of table, json, yaml", o.format)
	}
	return nil
}

func (o *output) isTable() bool { return o.format == formatTable }

// print writes an answer as JSON or YAML.
func (o *output) print(w io.Writer, answer any) error {
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	text = append(safe.JSON(text), '\n')
	if o.format == formatYAML {
		if text, err = yaml.JSONToYAML(text); err != nil {
			return fmt.Errorf("encode the answer: %w", err)
		}
	}
	_, err = w.Write(text)
	return err
}

// table is rows under columns, as kubectl prints them.
type table struct {
	columns []string
	rows    [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the table; every cell stays on its line.
func (t *table) write(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	var out metav1.Table
	for _, c := range t.columns {
		out.ColumnDefinitions = append(out.ColumnDefinitions, metav1.TableColumnDefinition{Name: c, Type: "string"})
	}
	for _, row := range t.rows {
		cells := make([]any, 0, len(row))
		for _, cell := range row {
			cells = append(cells, safe.Text(cell))
		}
		out.Rows = append(out.Rows, metav1.TableRow{Cells: cells})
	}
	var text strings.Builder
	err := printers.NewTablePrinter(printers.PrintOptions{}).PrintObj(&out, &text)
	for line := range strings.Lines(text.String()) {
		_, writeErr := fmt.Fprintln(w, strings.TrimRight(line, " \n"))
		err = errors.Join(err, writeErr)
	}
	return err
}
