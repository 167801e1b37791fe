package scimserver

import (
	"net/http"
	"strconv"
	"strings"
)

// HTML answers 200 with a page, as a sign-in page or a captive portal does.
func HTML() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>Sign in</title><p>Please sign in to continue.</p>\n"))
	})
}

// TruncatedJSON answers 200 with a listing that ends in the middle, and whose
// Content-Length agrees with that.
func TruncatedJSON() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":2,"Resources":[{"id":"1","userN`))
	})
}

// Huge answers 200 with one valid JSON document of about that many bytes.
func Huge(bytes int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[],"padding":"`))
		padding := []byte(strings.Repeat("x", 64<<10))
		for left := bytes; left > 0 && r.Context().Err() == nil; left -= len(padding) {
			_, _ = w.Write(padding[:min(left, len(padding))])
		}
		_, _ = w.Write([]byte(`"}`))
	})
}

// RedirectTo answers with a redirect to another URL, in whose place the request's
// path is kept.
func RedirectTo(base string, status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", strings.TrimSuffix(base, "/")+r.URL.RequestURI())
		w.WriteHeader(status)
	})
}

// Status answers with a status and a body that is not SCIM, as a proxy does.
// retryAfter is in seconds; below 0 there is no such header.
func Status(status, retryAfter int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter >= 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(http.StatusText(status) + "\n"))
	})
}

// JSON answers 200 with a document.
func JSON(document string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = w.Write([]byte(document))
	})
}
