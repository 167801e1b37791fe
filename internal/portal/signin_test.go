package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const cookieName = "__Host-rollcall_session"

func TestPromise_NoAnswerTellsWhetherAnAddressOrAnOrganizationIsKnown(t *testing.T) {
	w := newWorld()
	w.member(t)
	w.disabled["off@example.org"] = true
	w.accounts[string(clinic)+" off@example.org"] = &account{Account: directory.Account{Address: "off@example.org"}, password: goodPass}
	v := w.visitor(t)

	strip := func(a answer, org, address string) likeness {
		got := likenessOf(a)
		got.Elements = append(got.Elements, strings.NewReplacer(org, "ORG", address, "ADDRESS").Replace(a.main()))
		return got
	}
	want := strip(v.post("/o/clinics/northwind/signin", "address", adaMail, "password", "not the right password"), "clinics/northwind", adaMail)
	if want.Status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d, want 422", want.Status)
	}
	cases := map[string]struct{ org, address, password, reason string }{
		"unknown address":      {"clinics/northwind", "nobody@example.org", goodPass, "there is no such account"},
		"disabled person":      {"clinics/northwind", "off@example.org", goodPass, "the password is right, the person is out"},
		"unknown organization": {"clinics/southwind", adaMail, goodPass, "there is no such tenant"},
		"not an address":       {"clinics/northwind", "whatever", goodPass, "it can not exist"},
	}
	for name, c := range cases {
		got := strip(v.post("/o/"+c.org+"/signin", "address", c.address, "password", c.password), c.org, c.address)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (%s) differs from a wrong password (-want +got):\n%s", name, c.reason, diff)
		}
	}
	known := strip(v.get("/o/clinics/northwind/signin"), "clinics/northwind", adaMail)
	unknown := strip(v.get("/o/clinics/southwind/signin"), "clinics/southwind", adaMail)
	if diff := cmp.Diff(known, unknown); diff != "" {
		t.Errorf("the page of an unknown organization differs (-known +unknown):\n%s", diff)
	}
}

func TestSignInPageOfWhatCanBeNoOrganization(t *testing.T) {
	for _, path := range []string{"/o/UPPER/case/signin", "/o/a/b%20c/signin", "/o/a/%3Cb%3E/signin", "/o/a/" + strings.Repeat("b", 254) + "/signin"} {
		newWorld().visitor(t).get(path).wants(t, http.StatusNotFound, "There is no such page")
	}
}

func TestSignInAsksForWhatIsMissing(t *testing.T) {
	v := newWorld().visitor(t)
	v.post(signInPath(clinic)).wants(t, http.StatusUnprocessableEntity, `href="#address"`, `href="#password"`)
	v.post(signInPath(clinic), "address", strings.Repeat("a", 400)+"@example.org", "password", "x").wants(t, http.StatusUnprocessableEntity, `href="#address"`)
}

func TestSignInWhileNothingAnswers(t *testing.T) {
	w := newWorld()
	w.failWith(directory.Errorf(directory.KindUnavailable, "sign in", "no database"))
	v := w.visitor(t)
	v.post(signInPath(clinic), "address", adaMail, "password", goodPass).wants(t, http.StatusServiceUnavailable)
	v.cookies[cookieName] = "some session"
	v.get("/welcome").wants(t, http.StatusServiceUnavailable)
	v.post("/signout").wants(t, http.StatusServiceUnavailable)
	if v.cookies[cookieName] == "" {
		t.Error("the browser forgot a session that goes on")
	}
}

func TestPromise_SessionIsRenewedAtSignIn(t *testing.T) {
	w := newWorld()
	planted := w.member(t)
	v := w.visitor(t)
	v.cookies[cookieName] = planted
	v.post(signInPath(clinic), "address", adaMail, "password", goodPass).leadsTo(t, "/welcome")
	if v.cookies[cookieName] == planted {
		t.Error("the session is the same as before signing in")
	}
	if _, goesOn := w.sessions[planted]; goesOn {
		t.Error("the session from before signing in goes on")
	}
}

func TestPromise_SessionCookie(t *testing.T) {
	w := newWorld()
	got := w.visitor(t).post("/i/"+w.invite(), "name", adaName, "password", goodPass).header.Get("Set-Cookie")
	_, attributes, _ := strings.Cut(got, ";")
	if want := " Path=/; HttpOnly; Secure; SameSite=Lax"; !strings.HasPrefix(got, cookieName+"=") || attributes != want {
		t.Errorf("cookie %q, want %s=...;%s", got, cookieName, want)
	}
	development := func(o *Options) { o.BaseURL = "http://localhost:8080" }
	v := w.visitor(t, development)
	r := newRequest(t, http.MethodPost, "/i/"+w.invite(), map[string][]string{"name": {adaName}, "password": {goodPass}})
	r.Host = "localhost:8080"
	got = v.send(r).header.Get("Set-Cookie")
	_, attributes, _ = strings.Cut(got, ";")
	if want := " Path=/; HttpOnly; SameSite=Lax"; !strings.HasPrefix(got, "rollcall_session_insecure=") || attributes != want {
		t.Errorf("cookie over http %q, want rollcall_session_insecure=...;%s", got, want)
	}
}

func TestSignOutEndsTheSessionWhereItIsKept(t *testing.T) {
	w := newWorld()
	session := w.member(t)
	v := w.visitor(t)
	v.cookies[cookieName] = session
	v.get("/").leadsTo(t, "/welcome")
	v.post("/signout").leadsTo(t, signInPath(clinic)+"?signed-out")
	v.get(signInPath(clinic)+"?signed-out").wants(t, http.StatusOK, "You are signed out.")
	if _, goesOn := w.sessions[session]; goesOn {
		t.Error("the session goes on")
	}
	v.get("/welcome").leadsTo(t, "/")
}

func TestSessionThatEndedLeadsToTheStartPage(t *testing.T) {
	for name, session := range map[string]string{"none": "", "unknown": "unknown", "absurd": strings.Repeat("a", 600)} {
		t.Run(name, func(t *testing.T) {
			v := newWorld().visitor(t)
			if session != "" {
				v.cookies[cookieName] = session
			}
			v.get("/welcome").leadsTo(t, "/")
			v.post("/signout").leadsTo(t, "/")
		})
	}
}

func TestPromise_EveryRefusalToSignInLooksTheSame(t *testing.T) {
	var want answer
	for _, kind := range []directory.Kind{directory.KindDenied, directory.KindNotFound, directory.KindConflict, directory.KindInvalid} {
		w := newWorld()
		w.failWith(directory.Errorf(kind, "sign in", "no"))
		got := w.visitor(t).post(signInPath(clinic), "address", adaMail, "password", goodPass)
		got.wants(t, http.StatusUnprocessableEntity, "Address and password do not match")
		if want.main() != "" && got.main() != want.main() {
			t.Errorf("%s: the page differs", kind)
		}
		want = got
	}
}
