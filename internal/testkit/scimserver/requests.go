package scimserver

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// keptBody is how many bytes of a request's body are kept.
const keptBody = 64 << 10

// Request is what the service provider was asked.
type Request struct {
	Method string
	// Path is escaped, and below the base: "/Users/42".
	Path  string
	Query url.Values
	// Header as it came, without Authorization.
	Header http.Header
	// Body is cut after 64 KiB.
	Body []byte
	// Status of the answer; 0 while there is none.
	Status int
}

// Reads says whether the request could change nothing.
func (r Request) Reads() bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// Requests are all since the start or the last [Server.Forget], in the order of
// their arrival. Those for OAuth tokens are not among them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, 0, len(s.requests))
	for _, r := range s.requests {
		requests = append(requests, *r)
	}
	return requests
}

// Reads is how many of the requests could change nothing.
func (s *Server) Reads() int { return s.count(true) }

// Writes is how many of the requests could change something.
func (s *Server) Writes() int { return s.count(false) }

func (s *Server) count(reads bool) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Reads() == reads {
			n++
		}
	}
	return n
}

// Forget begins the list of requests anew.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// note adds a request, and returns it for noteStatus.
func (s *Server) note(r *http.Request, path string, body []byte) *Request {
	noted := &Request{
		Method: r.Method, Path: path, Query: r.URL.Query(), Header: r.Header.Clone(),
		Body: bytes.Clone(body[:min(len(body), keptBody)]),
	}
	noted.Header.Del("Authorization")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, noted)
	return noted
}

func (s *Server) noteStatus(noted *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted.Status = status
}

// answer stands in for the service provider on some paths.
type answer struct {
	method, prefix string
	http.Handler
}

// Answer lets a handler answer requests in place of the service provider: those
// with the method, or with any when it is empty, to escaped paths below the base
// that begin with the prefix, such as "/Users". It comes before credentials are
// looked at, and the newest of several comes first. The function returned ends it.
func (s *Server) Answer(method, prefix string, with http.Handler) func() {
	a := &answer{method: method, prefix: prefix, Handler: with}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = slices.Insert(s.answers, 0, a)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answers = slices.DeleteFunc(s.answers, func(other *answer) bool { return other == a })
	}
}

func (s *Server) answerFor(method, path string) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.answers {
		if (a.method == "" || a.method == method) && strings.HasPrefix(path, a.prefix) {
			return a
		}
	}
	return nil
}
