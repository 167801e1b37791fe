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
	heard, err := listen(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	return heard
}

func listen(ctx context.Context) ([]Element, error) {
	tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return nil, fmt.Errorf("read the accessibility tree: %w", err)
	}
	byID := make(map[accessibility.NodeID]*accessibility.Node, len(tree.Nodes))
	for _, node := range tree.Nodes {
		byID[node.NodeID] = node
	}
	if len(tree.Nodes) == 0 {
		return nil, nil
	}
	return hear(tree.Nodes[0], byID, nil), nil
}

// Focused returns where the keyboard is; its Role is empty when it is nowhere.
func (p *Page) Focused() Element {
	p.t.Helper()
	return focused(p.Hear())
}

// FocusedOn waits until the keyboard is at an element that is announced by this
// name, and returns the element. It is for a link within the page, which a
// browser follows after the key that asks for it.
func (p *Page) FocusedOn(name string) Element {
	p.t.Helper()
	var at Element
	p.until(fmt.Sprintf("the keyboard is at %q", name), func(ctx context.Context) (bool, string, error) {
		heard, err := listen(ctx)
		at = focused(heard)
		return at.Name == name, "it is at " + at.String(), err
	})
	return at
}

func focused(heard []Element) Element {
	var found Element
	for _, element := range heard {
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
