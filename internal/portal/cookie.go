package portal

import "net/http"

// sessionMax is the most bytes that a session of ours can have.
const sessionMax = 512

// sessionCookie is how a browser holds a session. The package comment says why
// it has two names.
type sessionCookie struct {
	name   string
	secure bool
}

func newSessionCookie(b base) sessionCookie {
	if b.secure {
		return sessionCookie{name: "__Host-rollcall_session", secure: true}
	}
	return sessionCookie{name: "rollcall_session_insecure"}
}

// read returns the session that the browser sent, or "".
func (c sessionCookie) read(r *http.Request) string {
	cookie, err := r.Cookie(c.name)
	if err != nil || len(cookie.Value) > sessionMax {
		return ""
	}
	return cookie.Value
}

// set hands out a session, for as long as the browser stays open; when it
// really ends is for the accounts to say.
func (c sessionCookie) set(w http.ResponseWriter, session string) {
	http.SetCookie(w, c.cookie(session))
}

func (c sessionCookie) clear(w http.ResponseWriter) {
	cookie := c.cookie("")
	cookie.MaxAge = -1
	http.SetCookie(w, cookie)
}

// cookie uses SameSite=Lax, not Strict, so that a link from a mail or a chat to
// the welcome page finds the person signed in. Nothing but a same-origin POST
// changes anything, so Lax gives nothing away.
func (c sessionCookie) cookie(value string) *http.Cookie {
	return &http.Cookie{
		Name: c.name, Value: value, Path: "/",
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
