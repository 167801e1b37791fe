package portal

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// visitor is a browser as far as a server can tell: it keeps cookies, and says
// where its forms come from.
type visitor struct {
	t       *testing.T
	portal  http.Handler
	cookies map[string]string
	// from is the peer of the connection.
	from string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (w *world) visitor(t *testing.T, change ...func(*Options)) *visitor {
	t.Helper()
	return &visitor{t: t, portal: w.portal(t, change...), cookies: map[string]string{}, from: "192.0.2.1:4711"}
}

// newRequest is like a request that a browser of today sends.
func newRequest(t *testing.T, method, path string, fields url.Values) *http.Request {
	t.Helper()
	var body io.Reader
	if fields != nil {
		body = strings.NewReader(fields.Encode())
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, body)
	r.Host = "people.example.com"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "null")
	}
	return r
}

func (v *visitor) send(r *http.Request) answer {
	v.t.Helper()
	r.RemoteAddr = v.from
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	recorder := httptest.NewRecorder()
	v.portal.ServeHTTP(recorder, r)
	response := recorder.Result()
	for _, cookie := range response.Cookies() {
		if cookie.MaxAge < 0 {
			delete(v.cookies, cookie.Name)
		} else {
			v.cookies[cookie.Name] = cookie.Value
		}
	}
	return answer{status: response.StatusCode, header: response.Header, body: recorder.Body.String()}
}

func (v *visitor) get(path string) answer {
	v.t.Helper()
	return v.send(newRequest(v.t, http.MethodGet, path, nil))
}

func (v *visitor) post(path string, fields ...string) answer {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return v.send(newRequest(v.t, http.MethodPost, path, values))
}

// wants fails the test unless the answer has the status and all of the texts.
func (a answer) wants(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d", a.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("page does not say %q:\n%s", text, a.main())
		}
	}
}

// lacks fails the test when the answer has one of the texts, in its body or in
// its headers.
func (a answer) lacks(t *testing.T, texts ...string) {
	t.Helper()
	var all strings.Builder
	if err := a.header.Write(&all); err != nil {
		t.Fatal(err)
	}
	all.WriteString(a.body)
	for _, text := range texts {
		if strings.Contains(all.String(), text) {
			t.Errorf("answer gives away %q", text)
		}
	}
}

// leadsTo fails the test unless the answer is a redirect after a form.
func (a answer) leadsTo(t *testing.T, path string) {
	t.Helper()
	if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != path {
		t.Errorf("status %d to %q, want 303 to %q:\n%s", a.status, got, path, a.main())
	}
}

// main is the page's own part.
func (a answer) main() string {
	_, rest, found := strings.Cut(a.body, "<main>")
	if !found {
		return a.body
	}
	main, _, _ := strings.Cut(rest, "</main>")
	return main
}

// elements are the page's tags, in order, without attributes and texts.
func (a answer) elements() []string {
	return regexp.MustCompile(`</?[a-z0-9]+`).FindAllString(a.main(), -1)
}
