package browser

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// Element is what a screen reader is told about a part of the page.
type Element struct {
	// Role is such as "heading", "textbox" or "button".
	Role string
	// Name is how it is announced, Description what is added after a pause.
	Name, Description string
	// Level is that of a heading, from 1.
	Level int
	// Focused is true for where the keyboard is.
	Focused bool
	// Invalid is true for an input that is marked as wrong.
	Invalid bool
}

// String is a line of a transcript: what is heard, shortened to the essence.
func (e Element) String() string { return fmt.Sprintf("%s %q", e.Role, e.Name) }

// Hear returns the parts of the page that have a role, in reading order.
func (p *Page) Hear() []Element {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		p.t.Fatalf("read the accessibility tree: %v", err)
	}
	byID := make(map[accessibility.NodeID]*accessibility.Node, len(tree.Nodes))
	for _, node := range tree.Nodes {
		byID[node.NodeID] = node
	}
	if len(tree.Nodes) == 0 {
		return nil
	}
	return hear(tree.Nodes[0], byID, nil)
}

// Focused returns where the keyboard is; its Role is empty when it is nowhere.
func (p *Page) Focused() Element {
	p.t.Helper()
	var found Element
	for _, element := range p.Hear() {
		// The page itself counts as focused while nothing in it is.
		if element.Focused && element.Role != "RootWebArea" {
			found = element
		}
	}
	return found
}

func hear(node *accessibility.Node, byID map[accessibility.NodeID]*accessibility.Node, heard []Element) []Element {
	if element := elementOf(node); !node.Ignored && element.Role != "none" && element.Role != "InlineTextBox" {
		heard = append(heard, element)
	}
	for _, id := range node.ChildIDs {
		if child, ok := byID[id]; ok {
			heard = hear(child, byID, heard)
		}
	}
	return heard
}

func elementOf(node *accessibility.Node) Element {
	element := Element{Role: text(node.Role), Name: text(node.Name), Description: text(node.Description)}
	for _, property := range node.Properties {
		switch property.Name {
		case accessibility.PropertyNameLevel:
			decode(property.Value, &element.Level)
		case accessibility.PropertyNameFocused:
			decode(property.Value, &element.Focused)
		case accessibility.PropertyNameInvalid:
			element.Invalid = text(property.Value) == "true"
		}
	}
	return element
}

func text(v *accessibility.Value) string {
	var s string
	decode(v, &s)
	return s
}

// decode leaves the target alone when the browser sent nothing, or something
// of another type, which it does for properties that do not apply.
func decode[T any](v *accessibility.Value, into *T) {
	if v == nil || len(v.Value) == 0 {
		return
	}
	var value T
	if err := json.Unmarshal(v.Value, &value); err == nil {
		*into = value
	}
}
