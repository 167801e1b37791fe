package portal

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

// route is one page. Its method and pattern are what logs and metrics call it.
type route struct {
	method, path string
	serve        http.HandlerFunc
}

// routes is the list of all pages.
func (p *portal) routes() []route {
	return append([]route{
		{http.MethodGet, "/{$}", p.showHome},
		{http.MethodGet, "/i/{token}", p.showInvitation},
		{http.MethodPost, "/i/{token}", p.acceptInvitation},
		{http.MethodGet, "/i/{token}/joined", p.showJoined},
		{http.MethodGet, "/i/{token}/decline", p.showDecline},
		{http.MethodPost, "/i/{token}/decline", p.declineInvitation},
		{http.MethodGet, "/declined", p.showDeclined},
		{http.MethodGet, "/confirmed", p.showConfirmed},
		{http.MethodGet, "/o/{namespace}/{name}/signin", p.showSignIn},
		{http.MethodPost, "/o/{namespace}/{name}/signin", p.signIn},
		{http.MethodGet, "/welcome", p.showWelcome},
		{http.MethodPost, "/signout", p.signOut},
		{http.MethodGet, "/favicon.svg", p.showIcon},
		{http.MethodGet, "/robots.txt", p.showRobots},
		{http.MethodGet, "/healthz", p.showHealth},
		{http.MethodGet, "/readyz", p.showReadiness},
	}, p.joinRoutes()...)
}

// handler puts the pages behind what holds for all of them: outermost the log
// and the metrics, then the headers, then the refusals.
func (p *portal) handler() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, route := range p.routes() {
		mux.HandleFunc(route.method+" "+route.path, route.serve)
		methods[route.path] = append(methods[route.path], route.method)
	}
	for path, allowed := range methods {
		mux.HandleFunc(path, p.refuseMethod(allowed))
	}
	mux.HandleFunc("/", p.refusePath)
	return p.observe(mux, p.secure(p.guard(mux)))
}

// guard refuses what no page should have to think about.
func (p *portal) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isProbe(r) {
			next.ServeHTTP(w, r)
			return
		}
		if !p.base.isHost(r.Host) {
			p.showNotice(w, r, wrongHost())
			return
		}
		if wait := p.limits.requests.take(p.proxies.client(r)); wait > 0 {
			p.showTooMany(w, r, wait)
			return
		}
		// ServeMux would answer with a redirect whose body repeats the path,
		// and with it a token.
		if r.URL.Path != path.Clean("/"+r.URL.Path) {
			p.refusePath(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isProbe tells whether an orchestrator asks, which knows the process by its
// address, not its name, and must never be told to slow down.
func isProbe(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
}

func (p *portal) refusePath(w http.ResponseWriter, r *http.Request) {
	p.showNotice(w, r, noSuchPage())
}

func (p *portal) refuseMethod(allowed []string) http.HandlerFunc {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append([]string{http.MethodHead}, allowed...)
	}
	allow := strings.Join(slices.Sorted(slices.Values(allowed)), ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		p.showNotice(w, r, wrongMethod())
	}
}
