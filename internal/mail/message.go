package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Message is a mail, ready to be handed to a server.
type Message struct {
	// From and To are the envelope's addr-specs, their domains as A-labels.
	From, To string
	// Raw is the message of RFC 5322 with line ends CRLF. It is 7-bit unless
	// an address has a local part that is not ASCII.
	Raw []byte
	// link is the secret in it, which a server's answer may quote.
	link string
}

// Sender is what a message takes from the process rather than from its delivery.
type Sender struct {
	// From is the addr-spec for an organization that has none of its own.
	From string
	// Date becomes the Date header. Nothing else of the message depends on it.
	Date time.Time
}

// Render writes the invitation mail of a delivery: plain text and HTML, each
// with the link.
//
// KindInvalid means that the delivery can never be written, because its
// address, link, Message-ID or expiry is unusable. KindDenied means that the
// sender is: whoever configured From or ReplyTo must change it. Neither error
// repeats an address or the link.
func Render(d directory.Delivery, s Sender) (Message, error) {
	to, err := parseAddress(d.Address)
	if err != nil {
		return Message{}, directory.Errorf(directory.KindInvalid, "read the recipient's address", "%w", err)
	}
	if err := checkDelivery(d); err != nil {
		return Message{}, directory.Errorf(directory.KindInvalid, "write the mail", "%w", err)
	}
	from, replyTo, err := senders(d, s)
	if err != nil {
		return Message{}, err
	}
	m := headers(d, s.Date)
	m.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, from)
	m.SetAddrHeaderFromMailAddress(gomail.HeaderTo, to)
	if replyTo != nil {
		m.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, replyTo)
	}
	if err := addBody(m, newContent(d, to.Address)); err != nil {
		return Message{}, directory.Errorf(directory.KindInternal, "write the mail", "%w", err)
	}
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return Message{}, directory.Errorf(directory.KindInternal, "write the mail", "%w", err)
	}
	return Message{From: spec(from), To: spec(to), Raw: raw.Bytes(), link: d.Link}, nil
}

func checkDelivery(d directory.Delivery) error {
	link, err := url.Parse(d.Link)
	switch {
	case err != nil || link.Host == "" || link.User != nil || link.Scheme != "https" && link.Scheme != "http":
		return errors.New("the link is not an absolute web address")
	case !isMessageID(d.MessageID):
		return errors.New("the Message-ID is not one of RFC 5322")
	case d.ExpiresAt.IsZero():
		return errors.New("the invitation has no end")
	}
	return nil
}

// isMessageID accepts dot-atoms around one "@" (RFC 5322, section 3.6.4)
// that leave the header on one line.
func isMessageID(id string) bool {
	left, right, _ := strings.Cut(id, "@")
	return len(id) <= 250 && isDotAtom(left) && isDotAtom(right)
}

func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r)
		}) {
			return false
		}
	}
	return true
}

// senders returns the From address, named after the organization, and the
// Reply-To address; nil when there is none.
func senders(d directory.Delivery, s Sender) (*mail.Address, *mail.Address, error) {
	address := d.Mail.From
	if address == "" {
		address = s.From
	}
	from, err := parseAddress(address)
	if err != nil {
		return nil, nil, directory.Errorf(directory.KindDenied, "read the sender's address", "%w", err)
	}
	from.Name = headerText(organizationName(d))
	if d.Mail.ReplyTo == "" {
		return from, nil, nil
	}
	replyTo, err := parseAddress(d.Mail.ReplyTo)
	if err != nil {
		return nil, nil, directory.Errorf(directory.KindDenied, "read the reply address", "%w", err)
	}
	return from, replyTo, nil
}

func headers(d directory.Delivery, date time.Time) *gomail.Msg {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.Subject(subject(d))
	m.SetDateWithValue(date.UTC())
	m.SetMessageIDWithValue(d.MessageID)
	m.SetGenHeader(gomail.HeaderContentLang, language)
	// RFC 3834, section 5, and its equivalent in Exchange: nobody's holiday
	// notice is to answer an invitation.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	return m
}

func addBody(m *gomail.Msg, c content) error {
	text, err := c.text()
	if err != nil {
		return err
	}
	html, err := c.html()
	if err != nil {
		return err
	}
	m.SetBodyString(gomail.TypeTextPlain, string(text))
	m.AddAlternativeString(gomail.TypeTextHTML, string(html))
	m.SetBoundary(boundary(text, html))
	return nil
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
