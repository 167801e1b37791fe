package portal

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/browser"
)

func domains(all ...string) func(*directory.SharedLink) {
	return func(l *directory.SharedLink) { l.Domains = all }
}

func approval(l *directory.SharedLink) { l.Approval = true }

func linkIn(state directory.LinkState) func(*directory.SharedLink) {
	return func(l *directory.SharedLink) { l.State = state }
}

// Looking changes nothing; sending the form leads to one page, and the address
// is kept in canonical form.
func TestHE4_AskToJoin(t *testing.T) {
	w := newWorld()
	token := w.share(domains("example.org", "xn--bcher-kva.example"))
	v := w.visitor(t)
	v.get("/j/"+token).wants(t, http.StatusOK, "Join", "Northwind Clinic", "Volunteer", "Pediatrics", "bücher.example", "Monday, 9 March 2026")
	if got := w.wishes(); len(got) != 0 {
		t.Fatalf("a look led to %v", got)
	}
	v.post("/j/"+token, "address", " Ada@Example.ORG ", "name", " Ada Lovelace ").leadsTo(t, "/join-requested")
	v.get("/join-requested").wants(t, http.StatusOK, "If this address can join", "five minutes")
	v.post("/j/"+token, "address", "zoe@bücher.example", "name", "Zoe").leadsTo(t, "/join-requested")
	want := []directory.JoinRequest{{Address: "ada@example.org", Name: "Ada Lovelace"}, {Address: "zoe@xn--bcher-kva.example", Name: "Zoe"}}
	if diff := cmp.Diff(want, w.wishes()); diff != "" {
		t.Errorf("wishes (-want +got):\n%s", diff)
	}
}

// Whoever is in, and whoever was mailed too often, gets the answer of everybody.
func TestPromise_HE4_NoAnswerTellsWhoIsIn(t *testing.T) {
	w := newWorld()
	token := w.share()
	w.member(t)
	v := w.visitor(t)
	stranger := v.post("/j/"+token, "address", "new@example.org", "name", "New")
	member := v.post("/j/"+token, "address", adaMail, "name", adaName)
	w.shared.refusal = directory.Errorf(directory.KindRateLimited, "request join", "too many")
	limited := v.post("/j/"+token, "address", "other@example.org", "name", "Other")
	for name, got := range map[string]answer{"member": member, "limited": limited} {
		if got.status != stranger.status || got.header.Get("Location") != stranger.header.Get("Location") || got.body != stranger.body {
			t.Errorf("the answer for a %s is %d to %q, for anybody %d to %q", name,
				got.status, got.header.Get("Location"), stranger.status, stranger.header.Get("Location"))
		}
	}
}

func TestHE4_WhatIsWrongWithAWish(t *testing.T) {
	for name, test := range map[string]struct {
		address, name, says string
	}{
		"no address":       {"", "Ada", "Enter your e-mail address"},
		"no domain":        {"ada", "Ada", "Enter your e-mail address"},
		"another domain":   {"ada@example.com", "Ada", "Only an address of example.org or example.net can join"},
		"a subdomain":      {"ada@mail.example.org", "Ada", "Only an address of example.org or example.net can join"},
		"no name":          {"ada@example.org", " ", "Enter your name."},
		"a line break":     {"ada@example.org", "Ada\r\nBcc: x", "on one line"},
		"two at once":      {"ada@example.org, eve@example.org", "Ada", "Enter your e-mail address"},
		"far too long":     {strings.Repeat("a", 5000) + "@example.org", "Ada", "Enter your e-mail address"},
		"markup as a name": {"ada", "<script>alert(1)</script>", "&lt;script&gt;"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			token := w.share(domains("example.org", "example.net"))
			w.visitor(t).post("/j/"+token, "address", test.address, "name", test.name).wants(t, http.StatusUnprocessableEntity, test.says, "Error: ")
			if got := w.wishes(); len(got) != 0 {
				t.Errorf("it led to %v", got)
			}
		})
	}
}

// Dead links are alike but for the words, for a look and for a form.
func TestHE4_DeadSharedLinks(t *testing.T) {
	w := newWorld()
	v := w.visitor(t)
	var elements []string
	for name, link := range map[string]struct{ token, says string }{
		"unknown":  {strings.Repeat("A", 43), "This link does not work"},
		"no token": {"no~token", "This link does not work"},
		"expired":  {w.share(linkIn(directory.LinkExpired)), "This link has expired"},
		"used up":  {w.share(linkIn(directory.LinkUsedUp)), "All places are taken"},
		"closed":   {w.share(linkIn(directory.LinkClosed)), "This link is closed"},
	} {
		look := v.get("/j/" + link.token)
		look.wants(t, http.StatusNotFound, link.says)
		v.post("/j/"+link.token, "address", adaMail, "name", adaName).wants(t, http.StatusNotFound, link.says)
		if elements == nil {
			elements = look.elements()
		}
		if !slices.Equal(elements, look.elements()) {
			t.Errorf("%s: other elements than another dead link", name)
		}
		look.lacks(t, link.token)
	}
	token := w.share()
	w.overtake = func() { w.shared.links[token].State = directory.LinkClosed }
	v.post("/j/"+token, "address", adaMail, "name", adaName).wants(t, http.StatusNotFound, "This link is closed")
}

// The button of the mail leads to the page on which everybody accepts.
func TestHE4_JoinThroughTheMail(t *testing.T) {
	w := newWorld()
	link := w.share()
	token := w.confirmation(link)
	v := w.visitor(t)
	page := v.get("/i/" + token)
	page.wants(t, http.StatusOK, "Join", "Northwind Clinic", adaMail, "Choose a password")
	page.lacks(t, "/decline")
	if got := w.uses(link); got != 0 {
		t.Errorf("a look took %d places", got)
	}
	v.post("/i/"+token, "name", adaName, "password", goodPass).leadsTo(t, "/welcome")
	v.get("/welcome").wants(t, http.StatusOK, adaName)
	if got := w.uses(link); got != 1 {
		t.Errorf("%d places were taken, want 1", got)
	}
	v.get("/i/"+token).wants(t, http.StatusNotFound, "This address is confirmed")
}

// With an approval the page confirms and lets nobody in; a scanner that presses
// the button does nothing.
func TestHE4_ConfirmAndWait(t *testing.T) {
	w := newWorld()
	link := w.share(approval)
	token := w.confirmation(link)
	v := w.visitor(t)
	v.get("/j/"+link).wants(t, http.StatusOK, "looks at it before you are in")
	page := v.get("/i/" + token)
	page.wants(t, http.StatusOK, "Confirm your address", adaMail, adaName)
	page.lacks(t, "password\"")
	v.post("/i/"+token).wants(t, http.StatusUnprocessableEntity, "Tick the box")
	v.post("/i/"+token, "confirm", "yes").leadsTo(t, "/join-confirmed")
	v.get("/join-confirmed").wants(t, http.StatusOK, "You are not in yet")
	if got := w.uses(link); got != 1 || len(v.cookies) != 0 {
		t.Errorf("%d places, cookies %v; want 1 and none", got, v.cookies)
	}
	v.post("/i/"+token, "confirm", "yes").wants(t, http.StatusNotFound, "This address is confirmed")
}

// Whatever happens between the page and the form, nothing is half done.
func TestHE4_OvertakenWhileJoining(t *testing.T) {
	accept := []string{"name", adaName, "password", goodPass}
	confirm := []string{"confirm", "yes"}
	for name, test := range map[string]struct {
		link   []func(*directory.SharedLink)
		before func(w *world, link, token string)
		after  func(w *world, link, token string)
		form   []string
		status int
		says   string
	}{
		"used up before": {
			form: accept, status: http.StatusNotFound, says: "All places are taken",
			before: func(w *world, link, _ string) { w.change(link, linkIn(directory.LinkUsedUp)) },
		},
		"used up meanwhile": {
			form: accept, status: http.StatusConflict, says: "All places are taken",
			after: func(w *world, link, _ string) { w.shared.links[link].State = directory.LinkUsedUp },
		},
		"used up meanwhile, with approval": {
			link: []func(*directory.SharedLink){approval}, form: confirm, status: http.StatusConflict, says: "All places are taken",
			after: func(w *world, link, _ string) { w.shared.links[link].State = directory.LinkUsedUp },
		},
		"closed meanwhile": {
			form: accept, status: http.StatusNotFound, says: "This link is closed",
			after: func(w *world, link, _ string) { w.shared.links[link].State = directory.LinkClosed },
		},
		"removed before": {
			form: accept, status: http.StatusNotFound, says: "no longer valid",
			before: func(w *world, link, _ string) { delete(w.shared.links, link) },
		},
		"in meanwhile": {
			form: accept, status: http.StatusConflict, says: "You are a member already",
			before: func(w *world, _, _ string) { w.accounts[string(clinic)+" "+adaMail] = &account{} },
		},
		"approval from now on": {
			form: accept, status: http.StatusSeeOther,
			before: func(w *world, link, _ string) { w.change(link, approval) },
		},
		"approval meanwhile": {
			form: accept, status: http.StatusSeeOther,
			after: func(w *world, link, _ string) { w.shared.links[link].Approval = true },
		},
		"no approval any more": {
			link: []func(*directory.SharedLink){approval}, form: confirm, status: http.StatusSeeOther,
			before: func(w *world, link, _ string) { w.change(link, func(l *directory.SharedLink) { l.Approval = false }) },
		},
		"a fault": {
			form: accept, status: http.StatusInternalServerError, says: "on our side",
			after: func(w *world, _, _ string) { w.fault = directory.Errorf(directory.KindInternal, "join", "broken") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			link := w.share(test.link...)
			token := w.confirmation(link)
			if test.before != nil {
				test.before(w, link, token)
			}
			if test.after != nil {
				w.shared.overtake = func() { test.after(w, link, token) }
			}
			v := w.visitor(t)
			v.post("/i/"+token, test.form...).wants(t, test.status, test.says)
			w.failWith(nil)
			if got := w.state(token); got != directory.InvitationPending {
				t.Errorf("the confirmation is %s", got)
			}
			if len(v.cookies) != 0 {
				t.Error("somebody was signed in")
			}
		})
	}
}

func TestHE4_DeadConfirmations(t *testing.T) {
	w := newWorld()
	link := w.share()
	v := w.visitor(t)
	for state, says := range map[directory.InvitationState]string{
		directory.InvitationAccepted: "This address is confirmed",
		directory.InvitationExpired:  "This mail has expired",
		directory.InvitationRevoked:  "This mail is no longer valid",
	} {
		v.get("/i/"+w.confirmation(link, inState(state))).wants(t, http.StatusNotFound, says)
	}
}

func TestPromise_HE4_FormsOfALinkComeFromItsPage(t *testing.T) {
	w := newWorld()
	token := w.share()
	r := newRequest(t, http.MethodPost, "/j/"+token, map[string][]string{"address": {adaMail}, "name": {adaName}})
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w.visitor(t).send(r).wants(t, http.StatusForbidden)
	w.visitor(t).post("/join-requested").wants(t, http.StatusMethodNotAllowed)
	if got := w.wishes(); len(got) != 0 {
		t.Errorf("it led to %v", got)
	}
}

// One link's limit is nobody else's, and it ends.
func TestPromise_HE4_ALinkIsLimited(t *testing.T) {
	w := newWorld()
	token, other := w.share(), w.share()
	v := w.visitor(t, func(o *Options) { o.Limits.Link = Limit{Every: time.Second, Burst: 3} })
	for range 3 {
		v.get("/j/"+token).wants(t, http.StatusOK)
	}
	if a := v.post("/j/"+token, "address", adaMail, "name", adaName); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	v.get("/j/"+other).wants(t, http.StatusOK)
	w.clock.Step(time.Second)
	v.get("/j/"+token).wants(t, http.StatusOK)
}

func TestHE4_JoinByKeyboardOnly(t *testing.T) {
	w := newWorld()
	url := w.listen(t)
	link := w.share(approval)
	page := browser.Start(t).Open(t, browser.Window{Width: 360, Height: 740})
	page.Go(url + "/j/" + link)
	page.Press(browser.Tab)
	if got := page.Focused().String(); got != `textbox "E-mail address"` {
		t.Errorf("Tab reaches %s first", got)
	}
	page.Press(adaMail, browser.Tab, adaName)
	page.PressAndLoad(browser.Enter)
	if got := page.Location(); got != url+"/join-requested" {
		t.Errorf("arrived at %s", got)
	}
	page.Go(url + "/i/" + w.confirmation(link))
	page.Press(browser.Tab, browser.Space, browser.Tab)
	page.PressAndLoad(browser.Enter)
	if got := page.Location(); got != url+"/join-confirmed" {
		t.Errorf("arrived at %s: %s", got, page.Text())
	}
	if diff := cmp.Diff([]directory.JoinRequest{{Address: adaMail, Name: adaName}}, w.wishes()); diff != "" {
		t.Errorf("wishes (-want +got):\n%s", diff)
	}
}
