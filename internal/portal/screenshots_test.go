package portal

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/browser"
)

// listen serves a portal for the world on a loopback port until the test ends.
func (w *world) listen(t *testing.T) string {
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
	serve(t, listener, handler)
	return url
}

func serve(t *testing.T, listener net.Listener, handler http.Handler) {
	t.Helper()
	server := NewServer(handler, logr.Discard())
	done := make(chan error, 1)
	go func() { done <- Serve(t.Context(), listener, server) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func hostile() directory.InvitationDetails {
	return directory.InvitationDetails{
		OrganizationName: "<b>Krankenhausverwaltungsgesellschaftsbetriebsratsvorsitzender</b> & \u202etxet desrever",
		DisplayName:      "\"><script>alert(1)</script>",
		Roles:            []string{"مشرف العيادة", strings.Repeat("Oberassistenz", 8), "<i>Role</i>"},
		Units:            []string{"ילדים", strings.Repeat("x", 120)},
		Message:          "<img src=x onerror=alert(1)> " + strings.Repeat("long", 40) + "\nשלום",
	}
}

// view is a page in a state worth looking at.
type view struct {
	name string
	show func(p *browser.Page)
}

func (w *world) views(url string) []view {
	pending := url + "/i/" + w.invite()
	strange := url + "/i/" + w.invite(func(i *directory.Invitation) { i.Details = hostile() })
	signIn := url + signInPath(clinic)
	w.signIns[away] = theirs
	at := func(address string) func(*browser.Page) { return func(p *browser.Page) { p.Go(address) } }
	return []view{
		{"invitation", at(pending)},
		{"invitation-filled", func(p *browser.Page) { p.Go(pending); p.Fill("#password", goodPass) }},
		{"invitation-problems", func(p *browser.Page) {
			p.Go(pending)
			browser.Evaluate[bool](p, "document.forms[0].noValidate = true")
			p.Fill("#name", " ")
			p.Fill("#password", "northwind ada lovelace")
			p.ClickAndLoad("button[type=submit]")
		}},
		{"invitation-hostile", at(strange)},
		{"decline", at(pending + "/decline")},
		{"declined", at(url + "/declined")},
		{"confirm", at(url + "/i/" + w.invite(confirming))},
		{"confirm-decline", at(url + "/i/" + w.invite(confirming) + "/decline")},
		{"confirmed", at(url + "/confirmed")},
		{"dead-confirmed", at(url + "/i/" + w.invite(confirming, inState(directory.InvitationAccepted)))},
		{"signin", at(signIn)},
		{"signin-problem", func(p *browser.Page) {
			p.Go(signIn)
			p.Fill("#address", "nobody@example.org")
			p.Fill("#password", "not the right password")
			p.ClickAndLoad("button[type=submit]")
		}},
		{"signin-signed-out", at(signIn + "?signed-out")},
		{"welcome", func(p *browser.Page) {
			p.Go(url + "/i/" + w.invite())
			p.Fill("#password", goodPass)
			p.ClickAndLoad("button[type=submit]")
		}},
		{"dead-unknown", at(url + "/i/nonsense")},
		{"dead-used", at(url + "/i/" + w.invite(inState(directory.InvitationAccepted)))},
		{"dead-expired", at(url + "/i/" + w.invite(inState(directory.InvitationExpired)))},
		{"dead-revoked", at(url + "/i/" + w.invite(inState(directory.InvitationRevoked)))},
		{"dead-declined", at(url + "/i/" + w.invite(inState(directory.InvitationDeclined)))},
		{"join", at(url + "/j/" + w.share(domains("example.org", "example.net")))},
		{"join-problems", func(p *browser.Page) {
			p.Go(url + "/j/" + w.share(approval))
			browser.Evaluate[bool](p, "document.forms[0].noValidate = true")
			p.Fill("#address", "ada")
			p.ClickAndLoad("button[type=submit]")
		}},
		{"join-hostile", at(url + "/j/" + w.share(func(l *directory.SharedLink) { l.Details = hostile() }))},
		{"join-requested", at(url + "/join-requested")},
		{"join-confirm", at(url + "/i/" + w.confirmation(w.share(approval)))},
		{"join-confirm-problem", func(p *browser.Page) {
			p.Go(url + "/i/" + w.confirmation(w.share(approval)))
			browser.Evaluate[bool](p, "document.forms[0].noValidate = true")
			p.ClickAndLoad("button[type=submit]")
		}},
		{"join-accept", at(url + "/i/" + w.confirmation(w.share()))},
		{"join-confirmed", at(url + "/join-confirmed")},
		{"join-used-up", at(url + "/j/" + w.share(linkIn(directory.LinkUsedUp)))},
		{"elsewhere", at(url + "/i/" + w.invite(elsewhere))},
		{"elsewhere-problems", func(p *browser.Page) {
			p.Go(url + "/i/" + w.invite(elsewhere))
			browser.Evaluate[bool](p, "document.forms[0].noValidate = true")
			p.Fill("#name", " ")
			p.ClickAndLoad("button[type=submit]")
		}},
		{"elsewhere-hostile", at(url + "/i/" + w.invite(elsewhere, func(i *directory.Invitation) {
			i.Details, i.SignInURL = hostile(), "https://"+strings.Repeat("anmeldung-", 6)+".example:8443/<script>"
		}))},
		{"elsewhere-joined", func(p *browser.Page) {
			p.Go(url + "/i/" + w.invite(elsewhere))
			p.Click("#confirm")
			p.ClickAndLoad("button[type=submit]")
		}},
		{"elsewhere-joined-hostile", func(p *browser.Page) {
			p.Go(url + "/i/" + w.invite(elsewhere, func(i *directory.Invitation) {
				i.Details, i.SignInURL = hostile(), "https://"+strings.Repeat("anmeldung-", 6)+".example:8443/<script>"
			}))
			p.Fill("#name", adaName)
			p.Click("#confirm")
			p.ClickAndLoad("button[type=submit]")
		}},
		{"elsewhere-join-accept", at(url + "/i/" + w.confirmation(w.share(), elsewhere))},
		{"elsewhere-confirm", at(url + "/i/" + w.invite(elsewhere, confirming))},
		{"elsewhere-dead-used", at(url + "/i/" + w.invite(elsewhere, inState(directory.InvitationAccepted)))},
		{"elsewhere-dead-confirmed", at(url + "/i/" + w.invite(elsewhere, confirming, inState(directory.InvitationAccepted)))},
		{"elsewhere-signin", at(url + signInPath(away))},
		{"home", at(url)},
		{"no-such-page", at(url + "/nothing")},
	}
}

func windows() map[string]browser.Window {
	return map[string]browser.Window{
		"light": {Width: 1024, Height: 800},
		"dark":  {Width: 1024, Height: 800, Dark: true},
		"phone": {Width: 360, Height: 740},
		"night": {Width: 360, Height: 740, Dark: true},
	}
}

// TestScreenshots writes a picture of every page in every window to the folder
// that SCREENSHOTS names, for somebody to look at.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS names no folder to put pictures in")
	}
	w := newWorld()
	url := w.listen(t)
	chromium := browser.Start(t)
	// docs/images/portal.png
	page := chromium.Open(t, browser.Window{Width: 640, Height: 900, Sharpness: 1.1})
	page.Go(url + "/i/" + w.invite())
	page.Fill("#password", goodPass)
	page.Screenshot(filepath.Join(folder, "portal.png"))
	for kind, window := range windows() {
		for _, view := range w.views(url) {
			page := chromium.Open(t, window)
			view.show(page)
			page.Screenshot(filepath.Join(folder, view.name+"-"+kind+".png"))
		}
	}
}
