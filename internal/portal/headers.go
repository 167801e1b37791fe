package portal

import "net/http"

// secure sets the headers that every response carries, whatever becomes of the
// request. A page narrows the content policy to its own nonce when it is
// rendered; until then nothing may be loaded at all.
func (p *portal) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy(""))
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		if p.base.secure {
			// Without includeSubDomains: the names below ours are not ours.
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		next.ServeHTTP(w, r)
	})
}

// contentPolicy is the Content-Security-Policy of a page whose style and
// script elements carry the nonce, or of one that has neither.
func contentPolicy(nonce string) string {
	const closed = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	if nonce == "" {
		return closed
	}
	return closed + "; img-src 'self'; style-src 'nonce-" + nonce + "'; script-src 'nonce-" + nonce + "'; require-trusted-types-for 'script'"
}
