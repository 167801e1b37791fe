package mailtest

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"path": url.PathEscape,
}).ParseFS(templateFiles, "templates/*.html.tmpl"))

const (
	pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// mailPolicy keeps a mail from running or loading anything; its links open
	// in a tab of their own.
	mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox"
)

// Inbox shows the messages of a sink: a list, newest first, that refreshes
// itself, and a page for each message. It uses no JavaScript, and works below
// any path that is stripped before. It shows invitation links, so it belongs
// on the loopback interface.
func Inbox(s *Sink) http.Handler {
	b := inbox{s}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.list)
	mux.HandleFunc("GET /messages/{id}", b.message(b.page))
	mux.HandleFunc("GET /messages/{id}/html", b.message(b.html))
	mux.HandleFunc("GET /messages/{id}/raw", b.message(b.raw))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", pagePolicy)
		mux.ServeHTTP(w, r)
	})
}

type inbox struct{ sink *Sink }

func (b inbox) list(w http.ResponseWriter, _ *http.Request) {
	messages := b.sink.Messages()
	slices.Reverse(messages)
	show(w, "list.html.tmpl", messages)
}

// message finds the message of a request's path.
func (b inbox) message(do func(http.ResponseWriter, Message)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		messages := b.sink.Messages()
		i := slices.IndexFunc(messages, func(m Message) bool { return m.MessageID == r.PathValue("id") })
		if i < 0 {
			http.Error(w, "There is no such message.", http.StatusNotFound)
			return
		}
		do(w, messages[i])
	}
}

// messagePage is a message with its header as it was written, and its From
// field as it is read.
type messagePage struct {
	Message
	Headers string
	Sender  string
}

func (b inbox) page(w http.ResponseWriter, m Message) {
	headers, _, _ := strings.Cut(string(m.Raw), "\r\n\r\n")
	sender, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("From"))
	if err != nil {
		sender = m.From
	}
	show(w, "message.html.tmpl", messagePage{
		Message: m, Headers: strings.ReplaceAll(headers, "\r\n", "\n"), Sender: sender,
	})
}

func (b inbox) html(w http.ResponseWriter, m Message) {
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(strings.Replace(m.HTML, "<head>", `<head><base target="_blank">`, 1)))
}

func (b inbox) raw(w http.ResponseWriter, m Message) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(m.Raw)
}

func show(w http.ResponseWriter, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w)
}
