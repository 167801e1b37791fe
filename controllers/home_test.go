package controllers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit/browser"
)

// home is where a story's members are held, and how people get in there.
// Stories ask it, so that the same story can be told of every backend.
type home interface {
	// take makes the organization one that is held here, before it is applied.
	take(w *world, org *v1alpha1.Organization)
	// answers are what a person enters on the acceptance page beside the name.
	answers() url.Values
	// fillIn does the same in a browser.
	fillIn(w *world, page *browser.Page)
	// signIn reports whether somebody who accepted can sign in, and what is seen
	// of them then: their name, their organization, their roles and units.
	signIn(w *world, email string) (bool, string)
	// place is what people read where they sign in: of whom they become a part.
	place() string
	// stillIn is what somebody sees who accepted in this browser and did not sign
	// in again.
	stillIn(w *world, p *person, email string) string
}

// ourselves is the embedded backend: people choose a password, and sign in at
// the portal.
type ourselves struct{}

func (ourselves) take(*world, *v1alpha1.Organization) {}

func (ourselves) place() string { return "Sunrise Clinic" }

func (ourselves) answers() url.Values { return url.Values{"password": {password}} }

func (ourselves) fillIn(w *world, page *browser.Page) {
	w.Helper()
	page.Fill("#password", password)
}

func (ourselves) signIn(w *world, email string) (bool, string) {
	w.Helper()
	seen := w.person().submit(w.portal+"/o/"+w.namespace+"/sunrise/signin", url.Values{"address": {email}, "password": {password}})
	return seen.status == http.StatusOK, seen.text
}

func (ourselves) stillIn(w *world, p *person, _ string) string {
	w.Helper()
	return p.get(w.portal + "/welcome").text
}

// homeOf is where the members of a story are held: with ourselves, unless it is
// told within a test that names a service provider.
func homeOf(t *testing.T) home {
	t.Helper()
	told, _, _ := strings.Cut(t.Name(), "/")
	if start, ok := providers()[told]; ok {
		return start(t)
	}
	return ourselves{}
}
