package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// stage is how far the conversation with a mail server had come.
type stage string

const (
	stageConnect stage = "connect to the mail server"
	stageGreet   stage = "greet the mail server"
	stageTLS     stage = "encrypt the connection to the mail server"
	stageLogin   stage = "sign in to the mail server"
	stageSender  stage = "name the sender"
	stageTo      stage = "name the recipient"
	stageData    stage = "announce the message"
	// stageDepart is before the final dot, and no matter of the server's.
	stageDepart stage = "record that the message leaves"
	// stageBody is everything up to the moment at which the last byte of the
	// final dot was handed to the operating system.
	stageBody stage = "send the message"
	// stageReply is after that.
	stageReply stage = "wait for the mail server to take the message"
)

// failure is why a message was not handed over.
type failure struct {
	stage stage
	err   error
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %v", f.stage, f.err) }

func (f *failure) Unwrap() error { return f.err }

// result is the table of the architecture's chapter on mail. The reply of a
// server decides; without one, what matters is whether the server can have
// seen the final dot.
func (f *failure) result() directory.DeliveryResult {
	code := replyCode(f.err)
	switch f.stage {
	case stageReply:
		switch code / 100 {
		case 4:
			return directory.ResultRetry
		case 5:
			return directory.ResultRejected
		}
		return directory.ResultUnknown
	case stageSender, stageTo, stageData:
		if code/100 == 5 && !isLoginCode(code) {
			return directory.ResultRejected
		}
	}
	return directory.ResultRetry
}

// ofServer tells whether the next message would fare the same: everything but
// a reply to one message does.
func (f *failure) ofServer() bool {
	switch f.stage {
	case stageSender, stageTo, stageData, stageReply:
		code := replyCode(f.err)
		return code == 0 || code == 421 || isLoginCode(code)
	case stageDepart:
		return false
	}
	return true
}

// isLoginCode knows the replies of RFC 4954, section 6, which are about our
// credentials, at whatever command they are given.
func isLoginCode(code int) bool { return code == 530 || code == 534 || code == 535 || code == 538 }

func replyCode(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// maxReason is the bound of DeliveryOutcome.Reason in bytes.
const maxReason = 200

var addressLike = regexp.MustCompile(`[^\s<>"'(),;:=\[\]]+@[^\s<>"'(),;:=]+|https?://\S+`)

// reason says in one line what went wrong, without addresses, links and the
// given secrets, in at most 200 bytes.
func reason(f *failure, secrets ...string) string {
	text := cause(f.err)
	for _, secret := range secrets {
		// Shorter ones tell nothing, and are parts of ordinary words.
		if len(secret) > 2 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return bounded(string(f.stage) + ": " + addressLike.ReplaceAllString(text, "…"))
}

func bounded(text string) string {
	if text = oneLine(text, maxReason); len(text) <= maxReason {
		return text
	}
	cut := maxReason - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// cause words an error. It repeats what a server said only when that was a
// reply of SMTP: an organization chooses its server, and must not be able to
// read what some other service in the network answers.
func cause(err error) string {
	var (
		reply       *textproto.Error
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		own         configurationError
	)
	switch {
	case errors.As(err, &reply):
		return fmt.Sprintf("it answered %d %s", reply.Code, reply.Msg)
	case errors.As(err, &own):
		return own.Error()
	case errors.As(err, &name):
		return "its name cannot be resolved"
	case errors.As(err, &certificate):
		return certificateCause(certificate.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time"
	default:
		return "the connection was lost or is not one of SMTP"
	}
}

func certificateCause(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &authority):
		return `its certificate is signed by an unknown authority; set "ca.crt"`
	case errors.As(err, &host):
		return fmt.Sprintf(`its certificate is not for %q; set "host" to the name in it`, host.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet"
	default:
		return "its certificate is not valid"
	}
}

// configurationError is in our own words, safe to show.
type configurationError string

func (e configurationError) Error() string { return string(e) }
