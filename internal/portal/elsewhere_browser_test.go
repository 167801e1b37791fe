package portal

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/browser"
)

// provider is a sign-in page of somebody else's; it keeps what arrives.
func provider(t *testing.T) (string, func() []*http.Request) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []*http.Request
	serve(t, listener, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/login" {
			seen = append(seen, r)
		}
		out.Header().Set("Content-Type", "text/html")
		_, _ = out.Write([]byte("<title>Log in</title><h1>Welcome to Southwind</h1>"))
	}))
	return "http://" + listener.Addr().String() + "/login", func() []*http.Request {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// leadingTo makes an invitation one of an organization that signs in there.
func leadingTo(url string) func(*directory.Invitation) {
	return func(i *directory.Invitation) { i.Organization, i.SignInURL = away, url }
}

// By keyboard alone, from the mail to the provider's own page, which learns
// nothing of where the person came from.
func TestHE3_JoinElsewhereByKeyboardOnly(t *testing.T) {
	w := newWorld()
	login, seen := provider(t)
	token := w.invite(leadingTo(login))
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{})
	page.Go(url + "/i/" + token)
	var stops []string
	for range 5 {
		page.Press(browser.Tab)
		stops = append(stops, page.Focused().String())
	}
	want := []string{
		`textbox "E-mail address"`, `textbox "Your name"`, `checkbox "Yes, I want to join"`,
		`button "Join Northwind Clinic"`, `link "decline the invitation"`,
	}
	if diff := cmp.Diff(want, stops); diff != "" {
		t.Errorf("what Tab reaches (-want +got):\n%s", diff)
	}
	page.Go(url + "/i/" + token)
	page.Press(browser.Tab, browser.Tab, browser.Tab, browser.Space, browser.Tab)
	if status := page.PressAndLoad(browser.Enter); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, page.Text())
	}
	if text := page.Text(); page.Location() != url+"/i/"+token+"/joined" || !strings.Contains(text, "You are in Northwind Clinic") {
		t.Fatalf("arrived at %s:\n%s", page.Location(), text)
	}
	page.Press(browser.Tab)
	host := strings.TrimSuffix(strings.TrimPrefix(login, "http://"), "/login")
	if got := page.Focused().String(); got != `link "Sign in at `+host+`"` {
		t.Errorf("the keyboard is at %s", got)
	}
	page.PressAndLoad(browser.Enter)
	if got := page.Location(); got != login {
		t.Errorf("the button leads to %s", got)
	}
	arrived := seen()
	if len(arrived) != 1 || arrived[0].Referer() != "" || arrived[0].Method != http.MethodGet || len(arrived[0].Cookies()) != 0 {
		t.Errorf("%d requests arrived there; want one plain GET without a referrer and cookies", len(arrived))
	}
}

func TestHE3_JoinElsewhereWithoutScripts(t *testing.T) {
	w := newWorld()
	login, _ := provider(t)
	token := w.invite(leadingTo(login))
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{NoScripts: true})
	page.Go(url + "/i/" + token)
	page.Fill("#name", "Grace Hopper")
	page.Click("#confirm")
	page.ClickAndLoad("button[type=submit]")
	if got := page.Location(); got != url+"/i/"+token+"/joined" {
		t.Fatalf("arrived at %s: %s", got, page.Text())
	}
	if name := w.accounts[string(away)+" "+adaMail].Name; name != "Grace Hopper" {
		t.Errorf("accepted as %q", name)
	}
	page.Go(url + "/i/" + token)
	page.ClickAndLoad(".onward a")
	if got := page.Location(); got != login {
		t.Errorf("a used link leads to %s", got)
	}
}

// The browser asks for the tick, and what is wrong is heard, seen and linked.
func TestHE3_ProblemsElsewhereAreHeardSeenAndLinked(t *testing.T) {
	w := newWorld()
	token := w.invite(leadingTo("http://127.0.0.1:9/login"))
	url := w.listen(t)
	page := browser.Start(t).Open(t, browser.Window{})
	page.Go(url + "/i/" + token)
	page.Click("button[type=submit]")
	if got := page.Location(); got != url+"/i/"+token || w.state(token) != directory.InvitationPending {
		t.Errorf("without a tick the form led to %s", got)
	}
	browser.Evaluate[bool](page, "document.forms[0].noValidate = true")
	if status := page.ClickAndLoad("button[type=submit]"); status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", status)
	}
	if got := page.Focused(); got.Role != "alert" || got.Name != "Please check one thing" {
		t.Errorf("the keyboard is at %s, not at the summary", got)
	}
	page.Press(browser.Tab, browser.Enter)
	if got := page.FocusedOn("Yes, I want to join"); !got.Invalid || !strings.Contains(got.Description, "Tick the box") {
		t.Errorf("the link leads to %+v", got)
	}
	if problems := page.Audit(); len(problems) > 0 {
		t.Errorf("found:\n%s", strings.Join(problems, "\n"))
	}
}
