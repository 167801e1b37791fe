package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// deadLinks are all ways in which a link can be no good, with what its page
// must say.
func (w *world) deadLinks() map[string]struct{ path, says, advises string } {
	return map[string]struct{ path, says, advises string }{
		"unknown":  {"/i/" + strings.Repeat("A", 43), "This link does not work", "Copy the whole link"},
		"used":     {"/i/" + w.invite(inState(directory.InvitationAccepted)), "This invitation has been used", `href="/o/clinics/northwind/signin"`},
		"expired":  {"/i/" + w.invite(inState(directory.InvitationExpired)), "This invitation has expired", "send you a new one"},
		"revoked":  {"/i/" + w.invite(inState(directory.InvitationRevoked)), "This invitation is no longer valid", "more recent mail"},
		"declined": {"/i/" + w.invite(inState(directory.InvitationDeclined)), "This invitation was declined", "changed your mind"},
	}
}

func TestPromise_DeadLinksAreAlikeInStatusHeadersElementsAndWork(t *testing.T) {
	requests := map[string]func(*visitor, string) answer{
		"look":            func(v *visitor, path string) answer { return v.get(path) },
		"accept":          func(v *visitor, path string) answer { return v.post(path, "name", adaName, "password", goodPass) },
		"accept badly":    func(v *visitor, path string) answer { return v.post(path) },
		"look at decline": func(v *visitor, path string) answer { return v.get(path + "/decline") },
		"decline":         func(v *visitor, path string) answer { return v.post(path+"/decline", "confirm", "yes") },
	}
	for doing, request := range requests {
		t.Run(doing, func(t *testing.T) {
			w := newWorld()
			v := w.visitor(t)
			links := w.deadLinks()
			w.lookups = 0
			first := likenessOf(request(v, links["unknown"].path))
			first.Lookups = w.lookups
			if first.Status != http.StatusNotFound {
				t.Errorf("status %d, want 404", first.Status)
			}
			for name, link := range links {
				w.lookups = 0
				got := request(v, link.path)
				got.wants(t, http.StatusNotFound, link.says, link.advises)
				got.lacks(t, adaMail, adaName, "Clinician", "first day")
				same := likenessOf(got)
				same.Lookups = w.lookups
				if diff := cmp.Diff(first, same); diff != "" {
					t.Errorf("%s differs from unknown (-unknown +%s):\n%s", name, name, diff)
				}
			}
		})
	}
}

// likeness is all of an answer that must not tell one dead link from another.
type likeness struct {
	Status   int
	Header   map[string]string
	Elements []string
	Lookups  int
}

func likenessOf(a answer) likeness {
	header := map[string]string{}
	for name, values := range a.header {
		header[name] = strings.Join(values, "\n")
	}
	// The words differ, so the length does; the nonce always does.
	delete(header, "Content-Length")
	policy, nonces, _ := strings.Cut(header["Content-Security-Policy"], "style-src")
	header["Content-Security-Policy"] = policy + strings.Repeat("nonce", strings.Count(nonces, "'nonce-"))
	return likeness{Status: a.status, Header: header, Elements: a.elements()}
}

func TestHE3_UsedLinkLeadsToTheSignInPage(t *testing.T) {
	w := newWorld()
	token := w.invite()
	w.visitor(t).post("/i/"+token, "name", adaName, "password", goodPass).leadsTo(t, "/welcome")

	again := w.visitor(t)
	again.get("/i/"+token).wants(t, http.StatusNotFound, `href="`+signInPath(clinic)+`"`)
	again.get(signInPath(clinic)).wants(t, http.StatusOK, "Sign in")
}

func TestWhatCanBeNoTokenIsNotLookedFor(t *testing.T) {
	w := newWorld()
	for _, path := range []string{"/i/a%2Fb", "/i/%00", "/i/a.b", "/i/" + strings.Repeat("a", 129), "/i/%F0%9F%92%A9", "/i/'"} {
		w.visitor(t).get(path).wants(t, http.StatusNotFound, "This link does not work")
	}
	if w.lookups != 0 {
		t.Errorf("%d look-ups of what can be no token", w.lookups)
	}
}
