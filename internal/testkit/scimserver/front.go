package scimserver

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"
)

// maxBody is the most bytes of a request's body.
const maxBody = 16 << 20

// serve is where every request arrives.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath && s.options.OAuth != nil {
		s.issueToken(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "", "The request is too large.")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), s.options.BasePath)
	if !ok {
		refuse(w, http.StatusNotFound, "", "There is no such endpoint.")
		return
	}
	told := &teller{ResponseWriter: w}
	noted := s.note(r, rest, body)
	defer func() { s.noteStatus(noted, told.status) }()
	if a := s.answerFor(r.Method, rest); a != nil {
		a.ServeHTTP(told, r)
		return
	}
	if s.admits(told, r) {
		s.mu.Lock()
		p := s.provider
		s.mu.Unlock()
		p.serve(told, r, rest)
	}
}

// admits says whether the credentials are good and the rate limit is not reached,
// and answers when it is not so.
func (s *Server) admits(w http.ResponseWriter, r *http.Request) bool {
	if !s.authorized(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`)
		refuse(w, http.StatusUnauthorized, "", "The credentials are missing or wrong.")
		return false
	}
	limit, refused := s.limited()
	if !refused {
		return true
	}
	if limit.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(limit.RetryAfter.Seconds())))
	}
	refuse(w, http.StatusTooManyRequests, "", "Too many requests.")
	return false
}

// teller remembers the status of an answer.
type teller struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (t *teller) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (t *teller) Write(p []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	return t.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (t *teller) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// serve answers a request to the escaped path below the base.
func (p *provider) serve(w http.ResponseWriter, r *http.Request, path string) {
	if p.quirks.hidden(path) {
		refuse(w, http.StatusNotFound, "", "There is no such endpoint.")
		return
	}
	switch {
	case path == "/Bulk":
		p.serveBulk(w, r)
		return
	case path == "/ServiceProviderConfig" && r.Method == http.MethodGet:
		answer := p.handlers[kindUser].server.serviceProviderConfig(p.quirks)
		writeJSON(w, http.StatusOK, answer)
		return
	}
	if refusal := p.refusal(r, path); refusal != nil {
		refuse(w, refusal.Status, string(refusal.ScimType), refusal.Detail)
		return
	}
	if r.Method == http.MethodPatch {
		if refusal := p.preparePatch(r); refusal != nil {
			refuse(w, refusal.Status, string(refusal.ScimType), refusal.Detail)
			return
		}
	}
	p.serveLibrary(w, r, path)
}

// serveLibrary lets the library answer, and changes in the answer what it cannot
// do.
func (p *provider) serveLibrary(w http.ResponseWriter, r *http.Request, path string) {
	l := &listing{}
	inner := r.Clone(withListing(r.Context(), l))
	inner.URL = &url.URL{Path: libraryPath(path), RawQuery: p.query(r.URL.Query(), l)}
	captured := httptest.NewRecorder()
	p.library.ServeHTTP(captured, inner)
	body := captured.Body.Bytes()
	created := r.Method == http.MethodPost && captured.Code == http.StatusCreated
	if r.Method == http.MethodGet && captured.Code == http.StatusOK {
		body = p.listed(body, l)
	}
	if created && p.quirks.CreatedWithoutBody {
		body = nil
	}
	if created && p.quirks.CreatedWithoutLocation {
		captured.Header().Del("Location")
	}
	maps.Copy(w.Header(), captured.Header())
	w.WriteHeader(captured.Code)
	_, _ = w.Write(body)
}

// libraryPath is a path that the library takes apart as it should: it looks at
// the unescaped path, and unescapes the id once more.
func libraryPath(escaped string) string {
	for _, k := range []kind{kindUser, kindGroup} {
		if _, ok := strings.CutPrefix(escaped, k.endpoint()+"/"); ok {
			return escaped
		}
	}
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return escaped
	}
	return plain
}

// query is what the library is asked. The filters that clients ask most it does
// not see: to take one of them apart costs it more than all else.
func (p *provider) query(query url.Values, l *listing) string {
	if p.quirks.Filter == FilterIgnored {
		query.Del("filter")
	}
	if e := plainFilter(query["filter"]); e != nil {
		l.filter = e
		query.Del("filter")
	}
	if p.quirks.IgnoreStartIndex {
		query.Del("startIndex")
	}
	return query.Encode()
}

// listed is the body of a listing with what the library does not know of.
func (p *provider) listed(body []byte, l *listing) []byte {
	if !l.byCursor && p.quirks.Total != TotalAbsent {
		return body
	}
	var page map[string]json.RawMessage
	if json.Unmarshal(body, &page) != nil || page["Resources"] == nil {
		return body
	}
	if p.quirks.Total == TotalAbsent {
		delete(page, "totalResults")
	}
	if l.byCursor {
		delete(page, "startIndex")
		if l.next != "" {
			page["nextCursor"] = json.RawMessage(strconv.Quote(l.next))
		}
	}
	changed, err := json.Marshal(page)
	if err != nil {
		return body
	}
	return changed
}

// refusal is for what this service provider does not do at all.
func (p *provider) refusal(r *http.Request, path string) *scimerrors.ScimError {
	if status := p.quirks.unsupported(r.Method, path); status != 0 {
		return &scimerrors.ScimError{Status: status, Detail: r.Method + " is not supported."}
	}
	change := r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == http.MethodDelete
	if change && p.quirks.ETags && p.quirks.RequireIfMatch && r.Header.Get("If-Match") == "" {
		return &scimerrors.ScimError{Status: http.StatusPreconditionRequired, Detail: "If-Match is required."}
	}
	if r.Method == http.MethodPost && path == kindUser.endpoint() {
		if refusal := p.handlers[kindUser].server.seatRefusal(p.quirks.Seats); refusal != nil {
			return refusal
		}
	}
	return p.bodyRefusal(r, path)
}

// unsupported is the status with which a method is refused; 0 when it is not.
func (q Quirks) unsupported(method, path string) int {
	ofGroup := strings.HasPrefix(path, kindGroup.endpoint()+"/")
	switch {
	case method == http.MethodPatch:
		return q.NoPatch
	case method == http.MethodPut && (q.NoPut || q.NoGroupPut && ofGroup):
		return http.StatusMethodNotAllowed
	case method == http.MethodDelete && !ofGroup:
		return q.NoDelete
	default:
		return 0
	}
}

func (s *Server) seatRefusal(seats Seats) *scimerrors.ScimError {
	s.mu.Lock()
	taken := len(s.store.users.inOrder)
	s.mu.Unlock()
	if seats.Limit == 0 || taken < seats.Limit {
		return nil
	}
	refusal := &scimerrors.ScimError{
		Status: seats.Status, ScimType: scimerrors.ScimType(seats.SCIMType), Detail: seats.Detail,
	}
	if refusal.Status == 0 {
		refusal.Status = http.StatusForbidden
	}
	if refusal.Detail == "" {
		refusal.Detail = "No seats available."
	}
	return refusal
}

// limited counts a request, and says whether the rate limit refuses it.
func (s *Server) limited() (RateLimit, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.provider.quirks.RateLimit
	if limit.Requests+limit.Refusals == 0 {
		return limit, false
	}
	at := s.asked % (limit.Requests + limit.Refusals)
	s.asked++
	return limit, at >= limit.Requests
}

// refuse answers with an error body of RFC 7644 section 3.12.
func refuse(w http.ResponseWriter, status int, scimType, detail string) {
	writeJSON(w, status, scimerrors.ScimError{Status: status, ScimType: scimerrors.ScimType(scimType), Detail: detail})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/scim+json")
	encoded, err := json.Marshal(body)
	if err != nil {
		status, encoded = http.StatusInternalServerError, nil
	}
	w.WriteHeader(status)
	_, _ = w.Write(encoded)
}
