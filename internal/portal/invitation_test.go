package portal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestCH2_InviteeConfirmsTheirNameChoosesAPasswordAndIsIn(t *testing.T) {
	w := newWorld()
	token := w.invite()
	ada := w.visitor(t)

	ada.get("/i/"+token).wants(t, http.StatusOK,
		"Join <bdi>Northwind Clinic</bdi>", "<bdi>Clinician</bdi>", "<bdi>Supervisor</bdi>", "<bdi>Pediatrics</bdi>",
		"Your first day is Monday.", "Monday, 9 March 2026 at 09:30 UTC", "7 days left",
		`value="Ada Lovelace"`, `value="ada@example.org"`)
	ada.post("/i/"+token, "name", "  Ada King ", "address", "mallory@example.org", "password", goodPass).leadsTo(t, "/welcome")
	ada.get("/welcome").wants(t, http.StatusOK, "Ada King", "Northwind Clinic", "ada@example.org", "Clinician", "Supervisor", "Pediatrics")

	if got := w.state(token); got != directory.InvitationAccepted {
		t.Errorf("invitation is %s, want Accepted", got)
	}
	want := directory.Account{
		Organization: clinic, OrganizationName: "Northwind Clinic", Address: adaMail, Name: "Ada King",
		Roles: []string{"Clinician", "Supervisor"}, Units: []string{"Pediatrics"},
	}
	if diff := cmp.Diff(want, w.accounts[string(clinic)+" "+adaMail].Account); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
}

func TestHE3_TheFormCreatesTheAccountAndThePersonCanSignIn(t *testing.T) {
	w := newWorld()
	token := w.invite()
	w.visitor(t).post("/i/"+token, "name", adaName, "password", goodPass).leadsTo(t, "/welcome")

	elsewhere := w.visitor(t)
	elsewhere.post(signInPath(clinic), "address", " Ada@Example.org", "password", goodPass).leadsTo(t, "/welcome")
	elsewhere.get("/welcome").wants(t, http.StatusOK, adaName)
}

func TestCH2_WhatIsWrongIsSaidWithoutLosingWhatWasTyped(t *testing.T) {
	cases := map[string]struct {
		name, password string
		field, problem string
		reason         string
	}{
		"no name":         {"   ", goodPass, "name", "Enter your name.", "a name of spaces is none"},
		"line break":      {"Ada\r\nBcc: all@example.org", goodPass, "name", "on one line", "a name reaches mail headers"},
		"long name":       {strings.Repeat("a", 129), goodPass, "name", "at most 128 characters", "128 is the limit"},
		"direction":       {"Ada \u202egnikniht", goodPass, "name", "control characters", "an override would turn around what follows"},
		"no password":     {"Ada", "", "password", "Choose a password.", "there is no account without one"},
		"short password":  {"Ada", "violet tractor", "password", "at least 15 characters; this one has 14", "14 is one short"},
		"common password": {"Ada", "passwordpassword1", "password", "Many people use a password like this", "zxcvbn knows it"},
		"own name":        {"Ada Lovelace", "AdaLovelace@Northwind", "password", "a name or an address that others know", "made of the context only"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			token := w.invite()
			got := w.visitor(t).post("/i/"+token, "name", c.name, "password", c.password)
			got.wants(t, http.StatusUnprocessableEntity,
				c.problem, `role="alert"`, `href="#`+c.field+`"`, `aria-invalid="true"`, `id="`+c.field+`-problem"`, "<title>Error: ")
			if c.password != "" {
				got.lacks(t, c.password)
			}
			if typed := strings.TrimSpace(c.name); c.field == "password" {
				got.wants(t, http.StatusUnprocessableEntity, `value="`+typed+`"`)
			}
			if state := w.state(token); state != directory.InvitationPending {
				t.Errorf("invitation is %s after a refused form (%s)", state, c.reason)
			}
		})
	}
}

func TestCH2_BothProblemsAreSaidAtOnce(t *testing.T) {
	w := newWorld()
	w.visitor(t).post("/i/"+w.invite(), "name", "", "password", "").
		wants(t, http.StatusUnprocessableEntity, "Please check these 2 things", `href="#name"`, `href="#password"`)
}

func TestCH2_PasswordIsTheSameFromEveryKeyboard(t *testing.T) {
	w := newWorld()
	composed, decomposed := "caf\u00e9 tractor hums noon", "cafe\u0301 tractor\u00a0hums noon"
	w.visitor(t).post("/i/"+w.invite(), "name", adaName, "password", composed).leadsTo(t, "/welcome")
	w.visitor(t).post(signInPath(clinic), "address", adaMail, "password", decomposed).leadsTo(t, "/welcome")
}

func TestPromise_GetAndHeadNeverRedeem(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, path := range []string{"", "/decline", "?name=Ada&password=violet+tractor+hums+at+noon", "/decline?confirm=yes"} {
			t.Run(method+" "+path, func(t *testing.T) {
				w := newWorld()
				token := w.invite()
				w.visitor(t).send(newRequest(t, method, "/i/"+token+path, nil)).wants(t, http.StatusOK)
				if got := w.state(token); got != directory.InvitationPending {
					t.Errorf("invitation is %s after %s", got, method)
				}
			})
		}
	}
}

func TestPromise_ScannerThatSendsEmptyFormsNeverAccepts(t *testing.T) {
	w := newWorld()
	token := w.invite()
	scanner := w.visitor(t)
	scanner.post("/i/"+token).wants(t, http.StatusUnprocessableEntity)
	scanner.post("/i/"+token, "name", adaName).wants(t, http.StatusUnprocessableEntity)
	scanner.post("/i/"+token+"/decline").wants(t, http.StatusUnprocessableEntity, "Tick the box")
	if got := w.state(token); got != directory.InvitationPending {
		t.Errorf("invitation is %s after a scanner came by", got)
	}
}

func TestCH2_RefusalsOfTheBackend(t *testing.T) {
	cases := map[string]struct {
		kind   directory.Kind
		status int
		says   string
		reason string
	}{
		"invalid":      {directory.KindInvalid, http.StatusUnprocessableEntity, "could not be saved", "the person can mend it"},
		"rate limited": {directory.KindRateLimited, http.StatusTooManyRequests, "a lot at once", "it passes"},
		"unavailable":  {directory.KindUnavailable, http.StatusServiceUnavailable, "try again in a moment", "it passes"},
		"internal":     {directory.KindInternal, http.StatusInternalServerError, "went wrong on our side", "nobody outside can help"},
		"denied":       {directory.KindDenied, http.StatusInternalServerError, "went wrong on our side", "our own rights are not the visitor's"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			token := w.invite()
			w.overtake = func() { w.fault = directory.Errorf(c.kind, "redeem invitation", "secret detail") }
			got := w.visitor(t).post("/i/"+token, "name", adaName, "password", goodPass)
			got.wants(t, c.status, c.says)
			got.lacks(t, "secret detail")
			w.failWith(nil)
			if state := w.state(token); state != directory.InvitationPending {
				t.Errorf("invitation is %s (%s)", state, c.reason)
			}
		})
	}
}

func TestCH2_DisabledPersonIsToldWhomToAsk(t *testing.T) {
	w := newWorld()
	token := w.invite()
	w.disabled[adaMail] = true
	w.visitor(t).post("/i/"+token, "name", adaName, "password", goodPass).
		wants(t, http.StatusConflict, "Your access is switched off", "Ask whoever invited you")
}

func TestCH2_SecondClickIsToldThatTheInvitationHasBeenUsed(t *testing.T) {
	w := newWorld()
	token := w.invite()
	w.overtake = func() { w.invitations[token].State = directory.InvitationAccepted }
	w.visitor(t).post("/i/"+token, "name", adaName, "password", goodPass).
		wants(t, http.StatusNotFound, "This invitation has been used", signInPath(clinic))
}

func TestPromise_ExpiryIsCheckedAtRedemption(t *testing.T) {
	w := newWorld()
	token := w.invite()
	ada := w.visitor(t)
	ada.get("/i/"+token).wants(t, http.StatusOK)
	w.clock.Step(7 * 24 * time.Hour)
	ada.post("/i/"+token, "name", adaName, "password", goodPass).wants(t, http.StatusNotFound, "This invitation has expired")
	if _, exists := w.accounts[string(clinic)+" "+adaMail]; exists {
		t.Error("an expired invitation made an account")
	}
}

func TestLeftIsRoundedDown(t *testing.T) {
	cases := map[time.Duration]string{
		7 * 24 * time.Hour:           "7 days left",
		3*24*time.Hour - time.Second: "2 days left",
		47 * time.Hour:               "47 hours left",
		2 * time.Hour:                "2 hours left",
		119 * time.Minute:            "ends soon",
		0:                            "ends soon",
	}
	for duration, want := range cases {
		if got := left(duration); got != want {
			t.Errorf("left(%s) = %q, want %q", duration, got, want)
		}
	}
}

func TestPromise_HostileTextIsEscapedAndIsolated(t *testing.T) {
	w := newWorld()
	token := w.invite(func(i *directory.Invitation) { i.Details = hostile() })
	got := w.visitor(t).get("/i/" + token)
	got.wants(t, http.StatusOK, "<bdi>&lt;i&gt;Role&lt;/i&gt;</bdi>", "&lt;img src=x onerror=alert(1)&gt;",
		`value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`, "<bdi>&lt;b&gt;Krankenhaus")
	got.lacks(t, "<b>", "<i>", "<img src=x", "<script>alert")
}

func TestCH2_AddressIsShownInItsOwnScript(t *testing.T) {
	w := newWorld()
	token := w.invite(func(i *directory.Invitation) { i.Address = "ada@xn--bcher-kva.example" })
	v := w.visitor(t)
	v.get("/i/"+token).wants(t, http.StatusOK, `value="ada@bücher.example"`)
	v.post("/i/"+token, "name", adaName, "password", goodPass).leadsTo(t, "/welcome")
	v.get("/welcome").wants(t, http.StatusOK, "ada@bücher.example")
}

func TestWelcomeOfSomebodyWithoutAName(t *testing.T) {
	w := newWorld()
	v := w.visitor(t)
	v.cookies[cookieName] = w.member(t)
	w.accounts[string(clinic)+" "+adaMail].Name = ""
	v.get("/welcome").wants(t, http.StatusOK, "<strong><bdi>"+adaMail+"</bdi></strong>")
}
