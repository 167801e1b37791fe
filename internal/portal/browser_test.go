package portal

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/browser"
)

func TestCH2_AcceptByKeyboardOnly(t *testing.T) {
	w := newWorld()
	token := w.invite()
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{})
	if status := page.Go(url + "/i/" + token); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	var stops []string
	for range 4 {
		page.Press(browser.Tab)
		stops = append(stops, page.Focused().String())
	}
	want := []string{`textbox "E-mail address"`, `textbox "Your name"`, `textbox "Choose a password"`, `button "Show the password"`}
	if diff := cmp.Diff(want, stops); diff != "" {
		t.Errorf("what Tab reaches (-want +got):\n%s", diff)
	}
	page.Go(url + "/i/" + token)
	page.Press(browser.Tab, browser.Tab, browser.Tab, goodPass)
	if status := page.PressAndLoad(browser.Enter); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, page.Text())
	}
	if got := page.Location(); got != url+"/welcome" {
		t.Errorf("arrived at %s", got)
	}
	if text := page.Text(); !strings.Contains(text, "Welcome to Northwind Clinic") || !strings.Contains(text, adaName) {
		t.Errorf("welcome page says:\n%s", text)
	}
	if got := w.state(token); got != directory.InvitationAccepted {
		t.Errorf("invitation is %s", got)
	}
	if visible := browser.Evaluate[string](page, "document.cookie"); visible != "" {
		t.Errorf("scripts can read the cookie %q", visible)
	}
}

func TestCH2_AcceptWithoutScripts(t *testing.T) {
	w := newWorld()
	token := w.invite()
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{NoScripts: true})
	page.Go(url + "/i/" + token)
	if buttons := browser.Evaluate[int](page, `document.querySelectorAll(".reveal").length`); buttons != 0 {
		t.Errorf("%d buttons that need scripts", buttons)
	}
	page.Fill("#password", goodPass)
	page.ClickAndLoad("button[type=submit]")
	if got := page.Location(); got != url+"/welcome" {
		t.Errorf("arrived at %s: %s", got, page.Text())
	}
	page.ClickAndLoad("button[type=submit]")
	if text := page.Text(); !strings.Contains(text, "You are signed out.") {
		t.Errorf("after signing out:\n%s", text)
	}
	page.Fill("#address", adaMail)
	page.Fill("#password", goodPass)
	page.ClickAndLoad("button[type=submit]")
	if got := page.Location(); got != url+"/welcome" {
		t.Errorf("arrived at %s after signing in again: %s", got, page.Text())
	}
}

func TestBY2_DeclineByKeyboardOnly(t *testing.T) {
	w := newWorld()
	token := w.invite()
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{})
	page.Go(url + "/i/" + token)
	for range 6 {
		page.Press(browser.Tab)
	}
	if got := page.Focused().String(); got != `link "decline the invitation"` {
		t.Fatalf("the keyboard is at %s", got)
	}
	page.PressAndLoad(browser.Enter)
	page.Press(browser.Tab, browser.Space, browser.Tab)
	if got := page.Focused().String(); got != `button "Decline the invitation"` {
		t.Fatalf("the keyboard is at %s", got)
	}
	page.PressAndLoad(browser.Enter)
	if got := page.Location(); got != url+"/declined" {
		t.Errorf("arrived at %s", got)
	}
	if got := w.state(token); got != directory.InvitationDeclined {
		t.Errorf("invitation is %s", got)
	}
}

func TestCH2_ProblemsAreHeardSeenAndLinked(t *testing.T) {
	w := newWorld()
	token := w.invite()
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{NoScripts: true})
	page.Go(url + "/i/" + token)
	page.Fill("#name", "Grace Hopper")
	page.Fill("#password", "northwind clinic!")
	if status := page.ClickAndLoad("button[type=submit]"); status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", status)
	}
	if got := page.Focused(); got.Role != "alert" || got.Name != "Please check one thing" {
		t.Errorf("the keyboard is at %s, not at the summary", got)
	}
	page.Press(browser.Tab)
	if got := page.Focused(); got.Role != "link" || !strings.Contains(got.Name, "that others know") {
		t.Errorf("the summary leads to %s", got)
	}
	page.Press(browser.Enter)
	if got := page.FocusedOn("Choose a password"); !got.Invalid || !strings.Contains(got.Description, "that others know") {
		t.Errorf("the link leads to %+v", got)
	}
	if typed := browser.Evaluate[[]string](page, `["name", "password"].map((id) => document.getElementById(id).value)`); !slices.Equal(typed, []string{"Grace Hopper", ""}) {
		t.Errorf("the form holds %q, want the name and no password", typed)
	}
	if problems := page.Audit(); len(problems) > 0 {
		t.Errorf("found:\n%s", strings.Join(problems, "\n"))
	}
}

func TestCH2_BrowserHelpsBeforeTheFormIsSent(t *testing.T) {
	w := newWorld()
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{})
	page.Go(url + "/i/" + w.invite())
	const mark = `getComputedStyle(document.querySelector(".rules .length"), "::before").content`
	page.Fill("#password", "fourteen chars")
	page.Click("button[type=submit]")
	if before := browser.Evaluate[string](page, mark); strings.Contains(before, "✓") {
		t.Errorf("14 characters are marked as enough: %s", before)
	}
	if at := page.Location(); strings.HasSuffix(at, "/welcome") {
		t.Errorf("14 characters led to %s", at)
	}
	page.Fill("#password", "🦊🐙🦉🐝🐌🐞🦀🐬🦔🐧🦄🐢🐳🦋🐴")
	if after := browser.Evaluate[string](page, mark); !strings.Contains(after, "✓") {
		t.Errorf("15 characters are not marked as enough: %s", after)
	}
	page.Fill("#password", strings.Repeat("🦊", 14))
	if after := browser.Evaluate[string](page, mark); strings.Contains(after, "✓") {
		t.Errorf("14 characters of two code units are marked as enough: %s", after)
	}
	page.Click(".reveal")
	if kind := browser.Evaluate[string](page, `document.querySelector("#password").type`); kind != "text" {
		t.Errorf("the password is still hidden in a field of type %s", kind)
	}
	page.Fill("#password", strings.Repeat("violet tractor ", 10))
	if length := browser.Evaluate[int](page, `document.querySelector("#password").value.length`); length != 150 {
		t.Errorf("what was pasted was cut to %d characters in silence", length)
	}
}

func TestHE3_DeadLinksTellWhatToDo(t *testing.T) {
	w := newWorld()
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{})
	for name, link := range w.deadLinks() {
		if status := page.Go(url + link.path); status != http.StatusNotFound {
			t.Errorf("%s: status %d", name, status)
		}
		if text := page.Text(); !strings.Contains(text, link.says) {
			t.Errorf("%s: the page says\n%s", name, text)
		}
	}
	page.Go(url + w.deadLinks()["used"].path)
	page.ClickAndLoad(".onward a")
	if got := page.Location(); got != url+signInPath(clinic) {
		t.Errorf("a used link leads to %s", got)
	}
}

// TestEveryPageInEveryWindow holds every page against what a program can check
// of WCAG 2.2 AA: in light and dark, wide and at 360 pixels, with hostile text.
func TestEveryPageInEveryWindow(t *testing.T) {
	chromium := browser.Start(t)
	for kind, window := range windows() {
		t.Run(kind, func(t *testing.T) {
			w := newWorld()
			page := chromium.Open(t, window)
			for _, view := range w.views(w.listen(t)) {
				view.show(page)
				for _, problem := range page.Audit() {
					t.Errorf("%s: %s", view.name, problem)
				}
			}
		})
	}
}

func TestDarkIsDark(t *testing.T) {
	w := newWorld()
	url := w.listen(t)
	chromium := browser.Start(t)
	const ground = `getComputedStyle(document.body).backgroundColor`
	light, dark := chromium.Open(t, browser.Window{}), chromium.Open(t, browser.Window{Dark: true})
	light.Go(url)
	dark.Go(url)
	if a, b := browser.Evaluate[string](light, ground), browser.Evaluate[string](dark, ground); a != "rgb(243, 245, 246)" || b != "rgb(16, 23, 27)" {
		t.Errorf("ground is %s by day and %s by night", a, b)
	}
}

// received keeps the headers of the forms that arrive.
type received struct {
	http.Handler
	mu    sync.Mutex
	forms []http.Header
}

func (r *received) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodPost {
		r.mu.Lock()
		r.forms = append(r.forms, request.Header.Clone())
		r.mu.Unlock()
	}
	r.Handler.ServeHTTP(w, request)
}

// watch is like listen, and keeps the headers of what arrives.
func (w *world) watch(t *testing.T) (string, *received) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	handler, err := New(w.options(url))
	if err != nil {
		t.Fatal(err)
	}
	seen := &received{Handler: handler}
	serve(t, listener, seen)
	return url, seen
}

// TestPromise_BrowserSaysSameOriginUnderNoReferrer is why the same-origin check
// is as it is: if browsers change, this fails before people do.
func TestPromise_BrowserSaysSameOriginUnderNoReferrer(t *testing.T) {
	w := newWorld()
	url, seen := w.watch(t)
	page := browser.Start(t).Open(t, browser.Window{NoScripts: true})
	page.Go(url + "/i/" + w.invite())
	page.Fill("#password", goodPass)
	page.ClickAndLoad("button[type=submit]")
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if len(seen.forms) != 1 {
		t.Fatalf("%d forms arrived", len(seen.forms))
	}
	got := map[string]string{}
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Referer"} {
		got[name] = seen.forms[0].Get(name)
	}
	if diff := cmp.Diff(map[string]string{"Origin": "null", "Sec-Fetch-Site": "same-origin", "Referer": ""}, got); diff != "" {
		t.Errorf("headers of a form (-want +got):\n%s", diff)
	}
}

func TestPromise_FormOnAnotherSiteIsRefused(t *testing.T) {
	w := newWorld()
	token := w.invite()
	url := w.listen(t)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, listener, http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		_, _ = out.Write([]byte(`<form method="post" action="` + url + `/i/` + token + `">
			<input name="name" value="Ada"><input name="password" value="` + goodPass + `"><button>Win a prize</button></form>`))
	}))
	page := browser.Start(t).Open(t, browser.Window{})
	page.Go("http://" + listener.Addr().String())
	if status := page.ClickAndLoad("button"); status != http.StatusForbidden {
		t.Errorf("status %d, want 403: %s", status, page.Text())
	}
	if got := w.state(token); got != directory.InvitationPending {
		t.Errorf("invitation is %s", got)
	}
}

func TestPromise_HostileTextRunsNothing(t *testing.T) {
	w := newWorld()
	token := w.invite(func(i *directory.Invitation) { i.Details = hostile() })
	page := browser.Start(t).Open(t, browser.Window{})
	page.Go(w.listen(t) + "/i/" + token)
	if scripts := browser.Evaluate[int](page, `document.querySelectorAll("main script, main img, main b, main i").length`); scripts != 0 {
		t.Errorf("%d elements of the text became elements of the page", scripts)
	}
	// What the text could add to the page is refused by the content policy too.
	const injected = `(() => {
		const script = document.createElement("script");
		try { script.text = "window.injected = true"; } catch { return "refused by trusted types"; }
		document.body.append(script);
		return window.injected ? "ran" : "refused by the nonce";
	})()`
	if got := browser.Evaluate[string](page, injected); got == "ran" {
		t.Errorf("an injected script %s", got)
	}
}
