package portal

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed assets
var assets embed.FS

// document is what a page shows: a title, and exactly one of the rest.
type document struct {
	// Title comes first in the browser's title bar.
	Title string
	// Nonce is set when the page is rendered.
	Nonce string
	// Scripted pages have a password to show, or a form that a second click would
	// send in vain; no other page has a script.
	Scripted bool

	Notice      *notice
	Invitation  *invitationPage
	Joined      *joinedPage
	Decline     *declinePage
	Join        *joinPage
	JoinConfirm *joinConfirmPage
	Confirm     *confirmPage
	SignIn      *signInPage
	Welcome     *welcomePage
}

// pages are the parsed templates and the other files that are served.
type pages struct {
	layout *template.Template
	icon   []byte
	robots []byte
}

// parsePages makes style and script part of the templates, so that a page is
// one response, and html/template itself puts them where the nonce is.
func parsePages() (pages, error) {
	layout, err := template.ParseFS(assets, "assets/*.html", "assets/favicon.svg")
	if err != nil {
		return pages{}, fmt.Errorf("parse the portal's pages: %w", err)
	}
	for name, element := range map[string]string{"style.css": "style", "script.js": "script"} {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return pages{}, fmt.Errorf("read the portal's pages: %w", err)
		}
		wrapped := fmt.Sprintf("<%s nonce=\"{{.Nonce}}\">\n%s</%s>", element, text, element)
		if _, err := layout.New(name).Parse(wrapped); err != nil {
			return pages{}, fmt.Errorf("parse the portal's %s: %w", name, err)
		}
	}
	icon, err := assets.ReadFile("assets/favicon.svg")
	if err != nil {
		return pages{}, fmt.Errorf("read the portal's icon: %w", err)
	}
	robots, err := assets.ReadFile("assets/robots.txt")
	if err != nil {
		return pages{}, fmt.Errorf("read the portal's robots.txt: %w", err)
	}
	return pages{layout: layout, icon: icon, robots: robots}, nil
}

// show renders a page. It is written only when all of it could be rendered, so
// that a fault never leaves half a page.
func (p *portal) show(w http.ResponseWriter, r *http.Request, status int, d document) {
	d.Nonce = rand.Text()
	var body bytes.Buffer
	if err := p.pages.layout.ExecuteTemplate(&body, "layout.html", d); err != nil {
		p.log.Error(err, "portal page not rendered", "route", routeFrom(r.Context()))
		p.write(w, r, http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("Something went wrong on our side. Please try again later.\n"))
		return
	}
	w.Header().Set("Content-Security-Policy", contentPolicy(d.Nonce))
	p.write(w, r, status, "text/html; charset=utf-8", body.Bytes())
}

func (p *portal) write(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		p.log.V(1).Info("portal client went away", "route", routeFrom(r.Context()))
	}
}

// redirect sends the browser on after a form, so that reloading the page that
// follows does not send the form again. The target is a path of ours. Unlike
// [http.Redirect] it writes no body, which would repeat the path.
func redirect(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}

func (p *portal) showIcon(w http.ResponseWriter, r *http.Request) {
	p.write(w, r, http.StatusOK, "image/svg+xml", p.pages.icon)
}

func (p *portal) showRobots(w http.ResponseWriter, r *http.Request) {
	p.write(w, r, http.StatusOK, "text/plain; charset=utf-8", p.pages.robots)
}

// isolate keeps a text of unknown direction from turning around what it stands
// in, where there is no place for a bdi element (UAX 9, first strong isolate).
func isolate(s string) string { return "\u2068" + s + "\u2069" }
