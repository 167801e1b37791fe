package browser

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// patience is how long one action may take on a machine that is very busy.
	patience = 3 * time.Minute
	// look is the time between two looks at what the browser does in its own time.
	look = 10 * time.Millisecond
)

// Keys that have no character, or one that can not be seen.
const (
	Tab   = kb.Tab
	Enter = kb.Enter
	Space = " "
)

// Window says how a page is looked at. Its zero value is a light desktop of
// 1024 by 768 with scripts.
type Window struct {
	// Width and Height are in CSS pixels.
	Width, Height int
	// Dark asks for dark colours.
	Dark bool
	// NoScripts turns off the page's scripts. Those of the test still run.
	NoScripts bool
	// Sharpness is how many device pixels make a CSS pixel; 0 means 1.
	Sharpness float64
}

// Page is an open window. Its methods fail the test when the browser can not do
// what is asked.
type Page struct {
	t   testing.TB
	ctx context.Context
}

// Open opens a window with nothing in it, until the test ends.
func (b *Browser) Open(t testing.TB, w Window) *Page {
	t.Helper()
	if w.Width == 0 {
		w.Width, w.Height = 1024, 768
	}
	if w.Sharpness == 0 {
		w.Sharpness = 1
	}
	scheme := "light"
	if w.Dark {
		scheme = "dark"
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	// As for the browser, the first run has no deadline.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	p := &Page{t: t, ctx: ctx}
	p.do("set up the window",
		chromedp.EmulateViewport(int64(w.Width), int64(w.Height), chromedp.EmulateScale(w.Sharpness)),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
		command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: w.NoScripts}),
		command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
	)
	return p
}

// Go loads an address and returns the HTTP status of what was shown in the end.
// As with all that loads a page, an element that asks for the keyboard has it then.
func (p *Page) Go(url string) int {
	p.t.Helper()
	return p.load("go to an address", chromedp.Navigate(url))
}

// Press sends keys to whatever has the focus, one after the other.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.do("press a key", chromedp.KeyEvent(key))
	}
}

// PressAndLoad presses a key that leads to another page, and returns the HTTP
// status of what was shown in the end.
func (p *Page) PressAndLoad(key string) int {
	p.t.Helper()
	return p.load("press a key that loads a page", chromedp.KeyEvent(key))
}

// ClickAndLoad clicks on what a CSS selector finds, and returns the HTTP status
// of what was shown in the end.
func (p *Page) ClickAndLoad(selector string) int {
	p.t.Helper()
	return p.load("click on "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Click clicks on what a CSS selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do("click on "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Fill types over what is in the input that a CSS selector finds.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.do("go to "+selector, chromedp.Focus(chromedp.CSS(selector)))
	// chromedp.Clear changes the attribute, not what was typed.
	Evaluate[bool](p, "document.activeElement.select(), true")
	p.do("fill in "+selector, chromedp.KeyEvent(text))
}

// Location returns the address that is shown.
func (p *Page) Location() string {
	p.t.Helper()
	return Evaluate[string](p, "location.href")
}

// Text returns what can be read on the page, as it is laid out.
func (p *Page) Text() string {
	p.t.Helper()
	return Evaluate[string](p, "document.body.innerText")
}

// Evaluate runs an expression of JavaScript in the page, also when the page's
// own scripts are turned off.
func Evaluate[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("evaluate %.80q: %v", expression, err)
	}
	return value
}

// Screenshot writes the whole page to a PNG file, whose folder it makes.
func (p *Page) Screenshot(file string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	image, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatalf("take a screenshot: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatalf("keep a screenshot: %v", err)
	}
	if err := os.WriteFile(file, image, 0o644); err != nil {
		p.t.Fatalf("keep a screenshot: %v", err)
	}
}

func (p *Page) load(doing string, steps ...chromedp.Action[chromedp.Void]) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		p.t.Fatalf("%s: %v", doing, err)
	}
	p.until("the keyboard is where the page wants it", func(ctx context.Context) (bool, string, error) {
		settled, err := chromedp.Run(ctx, chromedp.Evaluate[bool](focusIsSettled))
		return settled, "an element with autofocus does not get it", err
	})
	return int(response.Status)
}

// focusIsSettled because the focus moves to an element with autofocus when the page
// is first drawn, after it has loaded, unless it is elsewhere or goes to a fragment
// (https://html.spec.whatwg.org/multipage/interaction.html#flush-autofocus-candidates).
// Nothing calls back when that is done, as the page's scripts may be turned off.
const focusIsSettled = `!document.querySelector("[autofocus]") || document.activeElement !== document.body || location.hash !== ""`

// until waits for what the browser does in its own time, and fails with what was
// observed last.
func (p *Page) until(what string, done func(context.Context) (is bool, observed string, err error)) {
	p.t.Helper()
	last := "nothing was observed"
	err := wait.PollUntilContextTimeout(p.ctx, look, patience, true, func(ctx context.Context) (bool, error) {
		is, observed, err := done(ctx)
		if err == nil {
			last = observed
		}
		return is, err
	})
	if err != nil {
		p.t.Fatalf("wait until %s: %v; %s", what, err, last)
	}
}

func (p *Page) do(doing string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", doing, err)
	}
}

func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}
