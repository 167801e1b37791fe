package mailtest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func TestInbox(t *testing.T) {
	s := start(t, Options{})
	h := Inbox(s)
	if body := get(t, h, "/").Body.String(); !strings.Contains(body, "No mail yet") {
		t.Errorf("the empty list is\n%s", body)
	}
	second := strings.Replace(strings.Replace(testMail, "<1@example.org>", "<2/x?y@example.org>", 1), "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "<script>alert(1)</script>", 1)
	for _, raw := range []string{testMail, testMail, second} {
		if err := send(s, raw); err != nil {
			t.Fatal(err)
		}
	}
	list := get(t, h, "/").Body.String()
	if newer, older := strings.Index(list, "alert(1)"), strings.Index(list, "Grüße"); newer < 0 || older < newer {
		t.Errorf("the list is not newest first:\n%s", list)
	}
	if strings.Contains(list, "<script") || !strings.Contains(list, "came 2 times") {
		t.Errorf("the list is\n%s", list)
	}

	id := url.PathEscape("2/x?y@example.org")
	page := get(t, h, "/messages/"+id)
	for _, wanted := range []string{
		`href="https://x.example/1?a&amp;b"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`,
		`src="./` + id + `/html"`, "Message-ID: &lt;2/x?y@example.org&gt;", "https://x.example/1",
	} {
		if !strings.Contains(page.Body.String(), wanted) {
			t.Errorf("the page lacks %q", wanted)
		}
	}
	mail := get(t, h, "/messages/"+id+"/html")
	if policy := mail.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || strings.Contains(policy, "allow-scripts") {
		t.Errorf("the mail may do too much: %q", policy)
	}
	if !strings.Contains(mail.Body.String(), `<head><base target="_blank">`) {
		t.Errorf("the mail's links stay in its frame:\n%s", mail.Body)
	}
	if raw := get(t, h, "/messages/1@example.org/raw"); raw.Body.String() != testMail || !strings.HasPrefix(raw.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("the source is %q", raw.Body)
	}
}

func TestInbox_Headers(t *testing.T) {
	h := Inbox(start(t, Options{}))
	for path, want := range map[string]int{"/": 200, "/messages/none": 404, "/messages/none/html": 404, "/other": 404} {
		w := get(t, h, path)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: headers %v", path, w.Header())
		}
	}
}
