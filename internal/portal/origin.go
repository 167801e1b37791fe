package portal

import "net/http"

// sameOrigin tells whether a form was sent from one of our own pages. The
// package comment says why both headers are needed and why neither alone is
// enough.
func (b base) sameOrigin(h http.Header) bool {
	origin := h.Values("Origin")
	site := h.Values("Sec-Fetch-Site")
	if len(origin) > 1 || len(site) > 1 {
		return false
	}
	ours := len(origin) == 1 && origin[0] == b.origin
	if len(site) == 0 {
		return ours
	}
	return site[0] == "same-origin" && (ours || len(origin) == 0 || origin[0] == "null")
}
