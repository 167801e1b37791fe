package portal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// away is an organization whose people sign in at theirs.
	away   = directory.OrganizationID("clinics/southwind")
	theirs = "https://login.southwind.example/start?tenant=7"
	// button is how a page leads there.
	button = `href="https://login.southwind.example/start?tenant=7" rel="noreferrer noopener nofollow">Sign in at <bdi>login.southwind.example</bdi></a>`
)

// elsewhere makes an invitation one of an organization that signs in elsewhere.
func elsewhere(i *directory.Invitation) { i.Organization, i.SignInURL = away, theirs }

// accepting is the form as a person fills it in.
func accepting(name string) []string {
	return []string{"name", name, "address", "mallory@example.org", "confirm", "yes"}
}

func TestHE3_AcceptElsewhereWithoutAPassword(t *testing.T) {
	w := newWorld()
	token := w.invite(elsewhere)
	ada := w.visitor(t)
	page := ada.get("/i/" + token)
	page.wants(t, http.StatusOK,
		"Join <bdi>Northwind Clinic</bdi>", "<bdi>Clinician</bdi>", "<bdi>Supervisor</bdi>", "<bdi>Pediatrics</bdi>",
		"Your first day is Monday.", "Monday, 9 March 2026 at 09:30 UTC", "7 days left", "<bdi>login.southwind.example</bdi>",
		`value="Ada Lovelace"`, `value="ada@example.org"`, `<button type="submit">Join <bdi>Northwind Clinic</bdi></button>`, "/decline")
	page.lacks(t, `type="password"`, "Choose a password", "You sign in with it")
	ada.post("/i/"+token, accepting("  Ada King ")...).leadsTo(t, "/i/"+token+"/joined")
	joined := ada.get("/i/" + token + "/joined")
	joined.wants(t, http.StatusOK, "You are in <bdi>Northwind Clinic</bdi>", button, "Clinician", "Pediatrics", "It may take a moment")
	joined.lacks(t, adaMail, "Ada King", "first day", token)
	if len(ada.cookies) != 0 || len(w.sessions) != 0 {
		t.Errorf("cookies %v, %d sessions; want none", ada.cookies, len(w.sessions))
	}
	want := &account{Account: directory.Account{
		Organization: away, OrganizationName: "Northwind Clinic", Address: adaMail, Name: "Ada King",
		Roles: []string{"Clinician", "Supervisor"}, Units: []string{"Pediatrics"},
	}}
	if diff := cmp.Diff(want, w.accounts[string(away)+" "+adaMail], cmp.AllowUnexported(account{})); diff != "" {
		t.Errorf("accepted (-want +got):\n%s", diff)
	}
	ada.get("/i/"+token).wants(t, http.StatusNotFound, "This invitation has been used", `href="`+theirs+`"`, "Sign in at login.southwind.example")
	ada.post("/i/"+token, accepting(adaName)...).wants(t, http.StatusNotFound, "This invitation has been used")
}

func TestHE3_ElsewhereWhatIsWrongIsSaidWithoutLosingWhatWasTyped(t *testing.T) {
	for name, c := range map[string]struct {
		reason   string
		form     []string
		problems []string
		keeps    []string
	}{
		"no name":   {"a name of spaces is none", []string{"name", " ", "confirm", "yes"}, []string{"name"}, []string{" checked"}},
		"no tick":   {"a scanner ticks nothing", []string{"name", "Ada"}, []string{"confirm"}, []string{`value="Ada"`}},
		"odd tick":  {"a tick is yes", []string{"name", "Ada", "confirm", "on"}, []string{"confirm"}, []string{`value="Ada"`}},
		"nothing":   {"both are said", nil, []string{"name", "confirm"}, nil},
		"two lines": {"a name reaches mail headers", []string{"name", "Ada\r\nBcc: x", "confirm", "yes"}, []string{"name"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			token := w.invite(elsewhere)
			got := w.visitor(t).post("/i/"+token, c.form...)
			got.wants(t, http.StatusUnprocessableEntity, c.keeps...)
			for _, field := range c.problems {
				got.wants(t, http.StatusUnprocessableEntity, `role="alert"`, `href="#`+field+`"`, `id="`+field+`-problem"`, "<title>Error: ")
			}
			if strings.Count(got.body, `class="problem" id="`) != len(c.problems) {
				t.Errorf("%s: the page says\n%s", c.reason, got.main())
			}
			if state := w.state(token); state != directory.InvitationPending {
				t.Errorf("invitation is %s after a refused form", state)
			}
		})
	}
}

// Whoever only looks, or presses whatever there is to press, accepts nothing.
func TestPromise_ScannersNeverAcceptElsewhere(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, path := range []string{"", "?name=Ada&confirm=yes", "/decline", "/decline?confirm=yes"} {
			w := newWorld()
			token := w.invite(elsewhere)
			w.visitor(t).send(newRequest(t, method, "/i/"+token+path, nil)).wants(t, http.StatusOK)
			w.visitor(t).send(newRequest(t, method, "/i/"+token+"/joined?confirm=yes", nil)).leadsTo(t, "/i/"+token)
			if got := w.state(token); got != directory.InvitationPending {
				t.Errorf("invitation is %s after %s %s", got, method, path)
			}
		}
	}
	w := newWorld()
	token := w.invite(elsewhere)
	scanner := w.visitor(t)
	scanner.post("/i/"+token).wants(t, http.StatusUnprocessableEntity, "Tick the box")
	scanner.post("/i/"+token, "name", adaName, "address", adaMail).wants(t, http.StatusUnprocessableEntity, "Tick the box")
	scanner.post("/i/"+token+"?confirm=yes", "name", adaName).wants(t, http.StatusUnprocessableEntity, "Tick the box")
	scanner.post("/i/"+token+"/joined", accepting(adaName)...).wants(t, http.StatusMethodNotAllowed)
	r := newRequest(t, http.MethodPost, "/i/"+token, map[string][]string{"name": {adaName}, "confirm": {"yes"}})
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	scanner.send(r).wants(t, http.StatusForbidden)
	if got := w.state(token); got != directory.InvitationPending {
		t.Errorf("invitation is %s after a scanner came by", got)
	}
}

// A password that arrives all the same is not looked at: the person is shown the
// page as it is now. The same the other way round.
func TestPromise_NoPasswordIsTakenForElsewhere(t *testing.T) {
	w := newWorld()
	token := w.invite()
	ada := w.visitor(t)
	ada.get("/i/"+token).wants(t, http.StatusOK, "Choose a password")
	elsewhere(w.invitations[token])
	ada.post("/i/"+token, "name", adaName, "password", goodPass, "confirm", "yes").leadsTo(t, "/i/"+token)
	ada.get("/i/"+token).wants(t, http.StatusOK, "No password is chosen here")
	w.invitations[token].SignInURL = ""
	ada.post("/i/"+token, accepting(adaName)...).wants(t, http.StatusUnprocessableEntity, "Choose a password.")

	for name, change := range map[string]func(*directory.Invitation){
		"to elsewhere": elsewhere, "to here": func(i *directory.Invitation) { i.SignInURL = "" },
	} {
		from := elsewhere
		form := accepting(adaName)
		if name == "to elsewhere" {
			from, form = func(*directory.Invitation) {}, []string{"name", adaName, "password", goodPass}
		}
		token := w.invite(from)
		w.overtake = func() { change(w.invitations[token]) }
		w.visitor(t).post("/i/"+token, form...).leadsTo(t, "/i/"+token)
		if got := w.state(token); got != directory.InvitationPending {
			t.Errorf("switched %s between look-up and acceptance, it is %s", name, got)
		}
	}
	if len(w.accounts) != 0 {
		t.Errorf("%d accounts", len(w.accounts))
	}
}

func TestHE3_ElsewhereRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		reason string
		kind   directory.Kind
		status int
		says   string
	}{
		"invalid":     {"the person can mend it", directory.KindInvalid, http.StatusUnprocessableEntity, "simpler spelling of your name."},
		"conflict":    {"somebody must enable them", directory.KindConflict, http.StatusConflict, "Your access is switched off"},
		"unavailable": {"it passes", directory.KindUnavailable, http.StatusServiceUnavailable, "try again in a moment"},
		"denied":      {"our own rights are not the visitor's", directory.KindDenied, http.StatusInternalServerError, "went wrong on our side"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			token := w.invite(elsewhere)
			w.overtake = func() { w.fault = directory.Errorf(c.kind, "redeem invitation", "secret detail") }
			got := w.visitor(t).post("/i/"+token, accepting(adaName)...)
			got.wants(t, c.status, c.says)
			got.lacks(t, "secret detail", "another password")
			w.failWith(nil)
			if state := w.state(token); state != directory.InvitationPending {
				t.Errorf("%s: invitation is %s", c.reason, state)
			}
		})
	}
}

func TestHE3_OvertakenElsewhere(t *testing.T) {
	w := newWorld()
	for state, says := range map[directory.InvitationState]string{
		directory.InvitationAccepted: "This invitation has been used",
		directory.InvitationRevoked:  "no longer valid",
		directory.InvitationDeclined: "was declined",
	} {
		token := w.invite(elsewhere)
		w.overtake = func() { w.invitations[token].State = state }
		w.visitor(t).post("/i/"+token, accepting(adaName)...).wants(t, http.StatusNotFound, says)
	}
	token := w.invite(elsewhere)
	v := w.visitor(t)
	v.post("/i/"+token+"/decline", "confirm", "yes").leadsTo(t, "/declined")
	v.get("/i/"+token+"/joined").wants(t, http.StatusNotFound, "was declined")
}

// The page that says that somebody is in is for whoever has just accepted; every
// other link is answered there as dead as it is.
func TestPromise_JoinedIsSaidToWhoHasJoinedOnly(t *testing.T) {
	w := newWorld()
	v := w.visitor(t)
	accepted := func(change ...func(*directory.Invitation)) string {
		return w.invite(append(change, inState(directory.InvitationAccepted), func(i *directory.Invitation) { i.EndedAt = w.clock.Now() })...)
	}
	joined := accepted(elsewhere)
	approved, closed := w.share(approval), w.share()
	direct := w.share()
	unknown := v.get("/i/" + strings.Repeat("A", 43) + "/joined")
	for name, c := range map[string]struct {
		token string
		in    bool
	}{
		"accepted":              {joined, true},
		"declined":              {w.invite(elsewhere, inState(directory.InvitationDeclined)), false},
		"here":                  {accepted(), false},
		"an address":            {accepted(elsewhere, confirming), false},
		"by a link":             {w.confirmation(direct, elsewhere, inState(directory.InvitationAccepted), ended(w)), true},
		"by one with approval":  {w.confirmation(approved, elsewhere, inState(directory.InvitationAccepted), ended(w)), false},
		"by one that is gone":   {w.confirmation("gone", elsewhere, inState(directory.InvitationAccepted), ended(w)), false},
		"waits for the person":  {w.confirmation(closed, elsewhere, inState(directory.InvitationExpired)), false},
		"what can be no token!": {"a.b", false},
	} {
		got := v.get("/i/" + c.token + "/joined")
		if c.in {
			got.wants(t, http.StatusOK, "You are in", button)
			continue
		}
		got.lacks(t, "You are in")
		if diff := cmp.Diff(likenessOf(unknown), likenessOf(got)); diff != "" {
			t.Errorf("%s differs from unknown (-unknown +got):\n%s", name, diff)
		}
	}
	w.clock.Step(time.Hour)
	v.get("/i/"+joined+"/joined").wants(t, http.StatusOK, "You are in")
	w.clock.Step(time.Second)
	v.get("/i/"+joined+"/joined").wants(t, http.StatusNotFound, "This invitation has been used")
	w.failWith(directory.Errorf(directory.KindUnavailable, "look up", "no database"))
	v.get("/i/"+joined+"/joined").wants(t, http.StatusServiceUnavailable)
}

func ended(w *world) func(*directory.Invitation) {
	return func(i *directory.Invitation) { i.EndedAt = w.clock.Now() }
}

// Dead links of such an organization are like all others, whatever they lead to.
func TestPromise_DeadLinksElsewhereAreAlike(t *testing.T) {
	w := newWorld()
	v := w.visitor(t)
	for name, path := range map[string]string{"look": "", "decline": "/decline", "joined": "/joined"} {
		w.lookups = 0
		unknown := likenessOf(v.get("/i/" + strings.Repeat("A", 43) + path))
		unknown.Lookups = w.lookups
		for _, state := range []directory.InvitationState{
			directory.InvitationAccepted, directory.InvitationExpired, directory.InvitationRevoked, directory.InvitationDeclined,
		} {
			token := w.invite(elsewhere, inState(state))
			w.lookups = 0
			answered := v.get("/i/" + token + path)
			answered.lacks(t, adaMail, adaName, "Clinician", "first day")
			got := likenessOf(answered)
			got.Lookups = w.lookups
			if diff := cmp.Diff(unknown, got); diff != "" {
				t.Errorf("%s at %s differs from unknown (-unknown +got):\n%s", state, name, diff)
			}
		}
	}
}

func TestHE4_JoinByALinkElsewhere(t *testing.T) {
	w := newWorld()
	link := w.share()
	token := w.confirmation(link, elsewhere)
	v := w.visitor(t)
	page := v.get("/i/" + token)
	page.wants(t, http.StatusOK, "Join", adaMail, "No password is chosen here")
	page.lacks(t, `type="password"`, "/decline")
	v.post("/i/"+token).leadsTo(t, "/i/"+token)
	v.post("/i/"+token, "name", adaName).wants(t, http.StatusUnprocessableEntity, "Tick the box")
	if got := w.uses(link); got != 0 {
		t.Errorf("a scanner took %d places", got)
	}
	v.post("/i/"+token, accepting(adaName)...).leadsTo(t, "/i/"+token+"/joined")
	v.get("/i/"+token+"/joined").wants(t, http.StatusOK, "You are in", button)
	if got := w.uses(link); got != 1 || len(v.cookies) != 0 {
		t.Errorf("%d places, cookies %v; want 1 and none", got, v.cookies)
	}
	v.get("/i/"+token).wants(t, http.StatusNotFound, "This address is confirmed", "sign in at", `href="`+theirs+`"`)

	again := w.confirmation(w.share(), elsewhere)
	already := v.post("/i/"+again, accepting(adaName)...)
	already.wants(t, http.StatusConflict, "You are a member already", `href="`+theirs+`"`)
	already.lacks(t, "password neither", "address and password")
}

// With an approval the page confirms only, whatever the form of the other says.
func TestHE4_ConfirmAndWaitElsewhere(t *testing.T) {
	w := newWorld()
	link := w.share(approval)
	token := w.confirmation(link, elsewhere)
	v := w.visitor(t)
	v.get("/i/"+token).wants(t, http.StatusOK, "Confirm your address")
	v.post("/i/"+token, accepting(adaName)...).leadsTo(t, "/i/"+token)
	v.post("/i/"+token, "confirm", "yes").leadsTo(t, "/join-confirmed")
	v.get("/i/"+token+"/joined").wants(t, http.StatusNotFound, "This address is confirmed")
	if len(w.accounts) != 0 {
		t.Error("somebody is in without an approval")
	}
}

func TestBY2_ConfirmAChangedAddressElsewhere(t *testing.T) {
	w := newWorld()
	token := w.invite(elsewhere, confirming)
	v := w.visitor(t)
	page := v.get("/i/" + token)
	page.wants(t, http.StatusOK, "Is this your new address", "yours there from now on")
	page.lacks(t, "password stays")
	v.post("/i/"+token, "confirm", "yes").leadsTo(t, "/confirmed")
	dead := v.get("/i/" + token)
	dead.wants(t, http.StatusNotFound, "This address has been confirmed", "It is your address at", `href="`+theirs+`"`)
	v.get("/i/"+token+"/joined").wants(t, http.StatusNotFound, "This address has been confirmed")
}

// The sign-in page of such an organization leads on, whoever asks, and looks at
// no password.
func TestPromise_SignInPageLeadsElsewhere(t *testing.T) {
	w := newWorld()
	w.signIns[away] = theirs
	w.accounts[string(away)+" "+adaMail] = &account{password: goodPass}
	v := w.visitor(t)
	page := v.get(signInPath(away))
	page.wants(t, http.StatusOK, "You sign in elsewhere", `href="`+theirs+`" rel="noreferrer nofollow"`, "Sign in at login.southwind.example")
	page.lacks(t, "<form", "password\"", "Northwind")
	for _, form := range [][]string{{"address", adaMail, "password", goodPass}, {"address", "nobody@example.org", "password", "x"}, nil} {
		v.post(signInPath(away), form...).leadsTo(t, signInPath(away))
	}
	if len(v.cookies) != 0 || len(w.sessions) != 0 {
		t.Errorf("cookies %v, %d sessions; want none", v.cookies, len(w.sessions))
	}
	w.signIns[away] = "javascript:alert(1)"
	bad := v.get(signInPath(away))
	bad.wants(t, http.StatusOK, "You sign in elsewhere", "Whoever invited you can tell you")
	bad.lacks(t, "javascript", "<form", "href=\"http")
	w.failWith(directory.Errorf(directory.KindUnavailable, "look up", "no database"))
	v.get(signInPath(away)).wants(t, http.StatusServiceUnavailable)
	v.post(signInPath(away), "address", adaMail, "password", goodPass).wants(t, http.StatusServiceUnavailable)
}

// People are led to what was recorded, and nowhere else; when that is no good, to
// nowhere, and no password is asked for either.
func TestPromise_NobodyIsLedAstray(t *testing.T) {
	for _, recorded := range []string{
		"javascript:alert(1)", "data:text/html,x", "http://login.example.com", "//evil.example", "https://me@evil.example", "https://\\evil.example", "%zz",
	} {
		w := newWorld()
		token := w.invite(elsewhere, func(i *directory.Invitation) { i.SignInURL = recorded })
		v := w.visitor(t)
		pages := []answer{v.get("/i/" + token)}
		v.post("/i/"+token, accepting(adaName)...).leadsTo(t, "/i/"+token+"/joined")
		pages = append(pages, v.get("/i/"+token+"/joined"), v.get("/i/"+token))
		for _, page := range pages {
			page.lacks(t, recorded, "evil.example", `type="password"`, "ZgotmplZ", `href="http`)
		}
		pages[1].wants(t, http.StatusOK, "tells you where to sign in")
	}
	for _, asked := range []string{"?url=https://evil.example", "?next=//evil.example", "?SignInURL=https://evil.example"} {
		w := newWorld()
		w.signIns[away] = theirs
		token := w.invite(elsewhere)
		v := w.visitor(t)
		for _, page := range []answer{
			v.get("/i/" + token + asked), v.post("/i/"+token+asked, append(accepting(adaName), "url", "https://evil.example")...),
			v.get("/i/" + token + "/joined" + asked), v.get(signInPath(away) + asked), v.post(signInPath(away)+asked, "url", "https://evil.example"),
		} {
			page.lacks(t, "evil.example")
		}
	}
}

func TestDestinations(t *testing.T) {
	for recorded, want := range map[string]destination{
		"https://login.example.com":             {"https://login.example.com", "login.example.com"},
		"https://Login.Example.COM:443/A?b=c#d": {"https://login.example.com/A?b=c#d", "login.example.com"},
		"https://login.example.com:8443/":       {"https://login.example.com:8443/", "login.example.com:8443"},
		"HTTPS://login.example.com/":            {"https://login.example.com/", "login.example.com"},
		"https://bücher.example/é":              {"https://xn--bcher-kva.example/%C3%A9", "xn--bcher-kva.example"},
		"https://аpple.example":                 {"https://xn--pple-43d.example", "xn--pple-43d.example"},
		"https://a_b.example":                   {"https://a_b.example", "a_b.example"},
		"http://localhost:8080/login":           {"http://localhost:8080/login", "localhost:8080"},
		"http://127.0.0.1/":                     {"http://127.0.0.1/", "127.0.0.1"},
		"http://[::1]:8080":                     {"http://[::1]:8080", "[::1]:8080"},
		"https://[2001:db8::1]/":                {"https://[2001:db8::1]/", "[2001:db8::1]"},
		"https://[fe80::1%25eth0]/":             {},
		"https://ex\u202eample.example":         {},
		"":                                      {},
		"https:login":                           {},
		"https:///login":                        {},
		"mailto:ada@example.com":                {},
	} {
		if diff := cmp.Diff(want, parseDestination(recorded)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", recorded, diff)
		}
	}
}

func FuzzDestination(f *testing.F) {
	for _, seed := range []string{theirs, "javascript:alert(1)", "https://a@b", "http://[::1]:80/", "https://\u202eevil", "https://a\\b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, recorded string) {
		to := parseDestination(recorded)
		if (to.URL == "") != (to.Host == "") {
			t.Fatalf("%q is %+v", recorded, to)
		}
		if to.URL == "" {
			return
		}
		if !strings.HasPrefix(to.URL, "https://"+to.Host) && (!strings.HasPrefix(to.URL, "http://"+to.Host) || !strings.ContainsAny(to.Host, "l1")) {
			t.Errorf("%q leads to %q and says %q", recorded, to.URL, to.Host)
		}
		if strings.ContainsFunc(to.Host, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.ContainsAny(to.Host, "@/\\?#\"<>") {
			t.Errorf("%q says %q", recorded, to.Host)
		}
		if again := parseDestination(to.URL); again != to {
			t.Errorf("%q is %+v, and then %+v", recorded, to, again)
		}
	})
}
