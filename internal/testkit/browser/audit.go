package browser

import (
	_ "embed"
	"fmt"
	"slices"
)

//go:embed audit.js
var auditScript string

// Audit returns what a program can find wrong with the page for people who do
// not see it, see it badly, or use no mouse: one line each, none when all is
// well. It looks at names of controls, labels, headings, landmarks, contrast,
// sizes, horizontal scrolling, and whether Tab reaches every control in
// reading order with a focus that can be seen. It leaves the focus where Tab
// left it.
func (p *Page) Audit() []string {
	p.t.Helper()
	findings := Evaluate[[]string](p, auditScript)
	for _, element := range p.Hear() {
		if slices.Contains([]string{"button", "link", "textbox", "checkbox", "combobox", "radio"}, element.Role) && element.Name == "" {
			findings = append(findings, fmt.Sprintf("a %s has no name", element.Role))
		}
	}
	return append(findings, p.auditFocus()...)
}

// auditFocus goes through the page with the Tab key.
func (p *Page) auditFocus() []string {
	p.t.Helper()
	controls := Evaluate[[]string](p, focusableScript)
	Evaluate[bool](p, beginScript)
	var findings, reached []string
	for range controls {
		p.Press(Tab)
		at := Evaluate[focus](p, focusScript)
		reached = append(reached, at.Control)
		if !at.Visible {
			findings = append(findings, at.Control+": its focus can not be seen")
		}
	}
	if !slices.Equal(controls, reached) {
		findings = append(findings, fmt.Sprintf("Tab goes %q, not %q", reached, controls))
	}
	return findings
}

type focus struct {
	Control string `json:"control"`
	Visible bool   `json:"visible"`
}

// beginScript puts the keyboard before the first control.
const beginScript = `document.body.tabIndex = -1, document.body.focus(), document.body.removeAttribute("tabindex"), true`

const nameScript = `(e) => e.tagName.toLowerCase() + ":" + (e.id || e.textContent.trim().slice(0, 40))`

// focusableScript lists the controls in reading order.
const focusableScript = `[...document.querySelectorAll("a[href], button, input, select, textarea")]
	.filter((e) => !e.disabled && e.checkVisibility()).map(` + nameScript + `)`

// focusScript tells which control has the focus, and whether an outline shows it.
const focusScript = `(() => {
	const e = document.activeElement, style = getComputedStyle(e);
	return {
		control: (` + nameScript + `)(e),
		visible: style.outlineStyle === "auto" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
	};
})()`
