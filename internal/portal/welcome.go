package portal

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// welcomePage shows a person what they have.
type welcomePage struct {
	directory.Account
	// SignIn is the path that leads back here later.
	SignIn string
}

// session returns whose session the browser has. When it returns false there is
// none, and the answer has been written.
func (p *portal) session(w http.ResponseWriter, r *http.Request) (directory.Account, bool) {
	session := p.cookie.read(r)
	if session == "" {
		redirect(w, "/")
		return directory.Account{}, false
	}
	account, err := p.accounts.Session(r.Context(), session)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		p.cookie.clear(w)
		redirect(w, "/")
		return directory.Account{}, false
	case err != nil:
		p.showFault(w, r, err)
		return directory.Account{}, false
	}
	return account, true
}

func (p *portal) showWelcome(w http.ResponseWriter, r *http.Request) {
	account, ok := p.session(w, r)
	if !ok {
		return
	}
	account.Address = readable(account.Address)
	p.show(w, r, http.StatusOK, document{
		Title:   "You are in " + isolate(account.OrganizationName),
		Welcome: &welcomePage{Account: account, SignIn: signInPath(account.Organization)},
	})
}

// signOut ends the session where it is kept, not only in the browser: if that
// fails the person is told, because whoever copied the cookie is still in.
func (p *portal) signOut(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.submitted(w, r); !ok {
		return
	}
	account, ok := p.session(w, r)
	if !ok {
		return
	}
	if err := p.accounts.SignOut(r.Context(), p.cookie.read(r)); err != nil {
		p.showFault(w, r, err)
		return
	}
	p.cookie.clear(w)
	redirect(w, signInPath(account.Organization)+"?signed-out")
}
