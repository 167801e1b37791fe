package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
)

// maxLine is the preferred length of a header line in bytes (RFC 5322, section
// 2.1.1).
const maxLine = 78

// field is a header field whose value is one line of ASCII.
type field struct{ name, value string }

// compose writes a message of two alternatives. It is written here rather than
// by go-mail, because that folds a long Message-ID, which Exchange does not
// read, and makes the order of some fields a matter of chance.
func compose(fields []field, text, html []byte) ([]byte, error) {
	var b bytes.Buffer
	body := multipart.NewWriter(&b)
	if err := body.SetBoundary(boundary(text, html)); err != nil {
		return nil, err
	}
	for _, f := range fields {
		b.WriteString(fold(f) + "\r\n")
	}
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=%s\r\n\r\n", body.Boundary())
	for _, part := range []struct {
		kind    string
		content []byte
	}{{"text/plain", text}, {"text/html", html}} {
		if err := addPart(body, part.kind, part.content); err != nil {
			return nil, err
		}
	}
	err := body.Close()
	return b.Bytes(), err
}

// addPart uses quoted-printable, so that every mail server can pass the
// message on, and no line is too long or a lone dot.
func addPart(body *multipart.Writer, kind string, content []byte) error {
	w, err := body.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {kind + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return err
	}
	encoder := quotedprintable.NewWriter(w)
	if _, err := encoder.Write(content); err != nil {
		return err
	}
	return encoder.Close()
}

// fold breaks a field at spaces. It never breaks before the first word, which
// some programs take for an empty field.
func fold(f field) string {
	var b strings.Builder
	b.WriteString(f.name + ":")
	length := b.Len()
	for i, word := range strings.Split(f.value, " ") {
		if i > 0 && length+1+len(word) > maxLine {
			b.WriteString("\r\n")
			length = 0
		}
		b.WriteString(" " + word)
		length += 1 + len(word)
	}
	return b.String()
}

// boundary is a function of all that it separates. So a retry has the same,
// and no text can contain it, which one made of the Message-ID alone would
// allow: that can be guessed by whoever writes the personal message.
func boundary(parts ...[]byte) string {
	h := sha256.New()
	for _, part := range parts {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return "rollcall-" + hex.EncodeToString(h.Sum(nil)[:20])
}
