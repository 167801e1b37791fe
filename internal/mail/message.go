package mail

import (
	"context"
	"errors"
	"mime"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Message is a mail, ready to be handed to a server.
type Message struct {
	// From and To are the envelope's addr-specs, their domains as A-labels.
	From, To string
	// Raw is the message of RFC 5322, ASCII only, with line ends CRLF.
	Raw []byte
	// link is the secret in it, which a server's answer may quote.
	link string
	// depart is asked before the final dot; an error means that the message
	// must not leave. nil asks nobody.
	depart func(ctx context.Context) error
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
	c := newContent(d, to.Address)
	text, textErr := c.text()
	html, htmlErr := c.html()
	raw, err := compose(headers(d, s.Date, from, to, replyTo), text, html)
	if err := errors.Join(textErr, htmlErr, err); err != nil {
		return Message{}, directory.Errorf(directory.KindInternal, "write the mail", "%w", err)
	}
	return Message{From: from.Address, To: to.Address, Raw: raw, link: d.Link}, nil
}

func checkDelivery(d directory.Delivery) error {
	link, err := url.Parse(d.Link)
	switch {
	case err != nil || link.Host == "" || link.User != nil || link.Scheme != "https" && link.Scheme != "http":
		return errors.New("the link is not an absolute web address")
	case !isMessageID(d.MessageID) || d.InReplyTo != "" && !isMessageID(d.InReplyTo):
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

func headers(d directory.Delivery, date time.Time, from, to, replyTo *mail.Address) []field {
	fields := []field{
		{"Date", date.UTC().Format(time.RFC1123Z)},
		{"From", from.String()},
		{"To", to.String()},
	}
	if replyTo != nil {
		fields = append(fields, field{"Reply-To", replyTo.String()})
	}
	if d.InReplyTo != "" {
		// A reminder is shown beside the mail that it reminds of (RFC 5322, section 3.6.4).
		fields = append(fields, field{"In-Reply-To", "<" + d.InReplyTo + ">"}, field{"References", "<" + d.InReplyTo + ">"})
	}
	return append(fields,
		field{"Subject", mime.QEncoding.Encode("utf-8", subject(d))},
		field{"Message-ID", "<" + d.MessageID + ">"},
		field{"Content-Language", language},
		// RFC 3834, section 5, and its equivalent in Exchange: nobody's holiday
		// notice is to answer an invitation.
		field{"Auto-Submitted", "auto-generated"},
		field{"X-Auto-Response-Suppress", "All"},
	)
}
