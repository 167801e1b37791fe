package mailtest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// Message is a mail that the sink took, taken apart.
type Message struct {
	// From and Recipients are the envelope's; of a message from an earlier run
	// they are the headers'.
	From       string
	Recipients []string
	// Header holds all header fields, undecoded.
	Header mail.Header
	// To, Subject, MessageID, Text and HTML are decoded. MessageID has no
	// angle brackets.
	To        string
	Subject   string
	MessageID string
	Text      string
	HTML      string
	// Link is where the first link of HTML leads, else the first address on a
	// line of its own in Text; "" when there is none.
	Link string
	// Raw is what was handed over last.
	Raw []byte
	// Count is how often this Message-ID was taken since the sink was started.
	Count int
	// ReceivedAt is when it was taken last.
	ReceivedAt time.Time
}

// Parse takes a message apart.
func Parse(raw []byte) (Message, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, fmt.Errorf("read the message's header: %w", err)
	}
	m := Message{Header: parsed.Header, Raw: raw, To: parsed.Header.Get("To")}
	m.MessageID = strings.Trim(strings.TrimSpace(parsed.Header.Get("Message-Id")), "<>")
	m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		return Message{}, fmt.Errorf("decode the subject: %w", err)
	}
	h := parsed.Header
	if err := m.read(h.Get("Content-Type"), h.Get("Content-Transfer-Encoding"), parsed.Body); err != nil {
		return Message{}, err
	}
	m.Link = link(m.HTML, m.Text)
	return m, nil
}

func (m *Message) read(contentType, encoding string, body io.Reader) error {
	if contentType == "" {
		contentType = "text/plain"
	}
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("read the content type: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.readParts(multipart.NewReader(body, parameters["boundary"]))
	}
	content, err := io.ReadAll(decoder(encoding, body))
	if err != nil {
		return fmt.Errorf("decode a part of type %q: %w", kind, err)
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch {
	case kind == "text/html" && m.HTML == "":
		m.HTML = text
	case kind == "text/plain" && m.Text == "":
		m.Text = text
	}
	return nil
}

func (m *Message) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a part of the message: %w", err)
		}
		err = m.read(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return err
		}
	}
}

func decoder(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	default:
		return r
	}
}

var (
	anchor    = regexp.MustCompile(`(?i)<a\s[^>]*?href="([^"]+)"`)
	plainLink = regexp.MustCompile(`(?m)^(https?://\S+)$`)
)

func link(markup, text string) string {
	if found := anchor.FindStringSubmatch(markup); found != nil {
		return html.UnescapeString(found[1])
	}
	if found := plainLink.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}
