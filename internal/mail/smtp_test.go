package mail

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

func startSink(t *testing.T, o mailtest.Options) *mailtest.Sink {
	t.Helper()
	s, err := mailtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serverOf is how to reach a sink.
func serverOf(t *testing.T, addr string, mode TLSMode) Server {
	t.Helper()
	host, port := splitAddr(t, addr)
	return Server{Host: host, Port: port, TLS: mode, HELO: "manager.example"}
}

func splitAddr(t testing.TB, addr string) (string, int) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return host, n
}

func testMessage(t *testing.T) Message {
	t.Helper()
	m, err := Render(testDelivery(), Sender{From: testFrom, Date: testDate})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// TestBY8_Outcomes is the heart: what went wrong, and at which moment, decides
// whether a mail may be sent again.
func TestBY8_Outcomes(t *testing.T) {
	const (
		sent, rejected = directory.ResultSent, directory.ResultRejected
		retry, unknown = directory.ResultRetry, directory.ResultUnknown
	)
	for name, c := range map[string]struct {
		reason string
		fault  mailtest.Fault
		want   directory.DeliveryResult
		// kept is how many messages the server has in the end.
		kept int
	}{
		"no fault": {"250 after the final dot", mailtest.Fault{}, sent, 1},

		"dropped before the greeting": {"nothing was said", mailtest.Fault{Stage: mailtest.StageConnect, Drop: true}, retry, 0},
		"greeted with 421":            {"busy", mailtest.Fault{Stage: mailtest.StageConnect, Code: 421}, retry, 0},
		"greeted with 554":            {"about us, not about the message", mailtest.Fault{Stage: mailtest.StageConnect, Code: 554}, retry, 0},
		"dropped at EHLO":             {"nothing was sent", mailtest.Fault{Stage: mailtest.StageHello, Drop: true}, retry, 0},
		"550 to EHLO":                 {"about us, not about the message", mailtest.Fault{Stage: mailtest.StageHello, Code: 550}, retry, 0},

		"dropped at AUTH": {"nothing was sent", mailtest.Fault{Stage: mailtest.StageAuth, Drop: true}, retry, 0},
		"535 to AUTH":     {"our configuration is at fault", mailtest.Fault{Stage: mailtest.StageAuth, Code: 535}, retry, 0},
		"454 to AUTH":     {"temporary", mailtest.Fault{Stage: mailtest.StageAuth, Code: 454}, retry, 0},

		"dropped at MAIL": {"nothing was sent", mailtest.Fault{Stage: mailtest.StageMail, Drop: true}, retry, 0},
		"451 to MAIL":     {"temporary", mailtest.Fault{Stage: mailtest.StageMail, Code: 451}, retry, 0},
		"550 to MAIL":     {"this sender is refused", mailtest.Fault{Stage: mailtest.StageMail, Code: 550}, rejected, 0},
		"530 to MAIL":     {"credentials are missing, the message is fine", mailtest.Fault{Stage: mailtest.StageMail, Code: 530}, retry, 0},

		"dropped at RCPT": {"nothing was sent", mailtest.Fault{Stage: mailtest.StageRcpt, Drop: true}, retry, 0},
		"450 to RCPT":     {"greylisting", mailtest.Fault{Stage: mailtest.StageRcpt, Code: 450}, retry, 0},
		"550 to RCPT":     {"no such mailbox", mailtest.Fault{Stage: mailtest.StageRcpt, Code: 550}, rejected, 0},

		"dropped at DATA": {"nothing was sent", mailtest.Fault{Stage: mailtest.StageData, Drop: true}, retry, 0},
		"451 to DATA":     {"temporary", mailtest.Fault{Stage: mailtest.StageData, Code: 451}, retry, 0},
		"554 to DATA":     {"refused", mailtest.Fault{Stage: mailtest.StageData, Code: 554}, rejected, 0},

		"451 after the dot":             {"the server says that it has not taken it", mailtest.Fault{Stage: mailtest.StageDot, Code: 451}, retry, 0},
		"421 after the dot":             {"the same", mailtest.Fault{Stage: mailtest.StageDot, Code: 421, Drop: true}, retry, 0},
		"552 after the dot":             {"refused for its content", mailtest.Fault{Stage: mailtest.StageDot, Code: 552}, rejected, 0},
		"250 in other words":            {"any 2xx takes it", mailtest.Fault{Stage: mailtest.StageStored, Code: 251}, sent, 1},
		"nonsense after the dot":        {"neither taken nor refused", mailtest.Fault{Stage: mailtest.StageStored, Code: 354}, unknown, 1},
		"dropped after the dot, lost":   {"nobody can know", mailtest.Fault{Stage: mailtest.StageDot, Drop: true}, unknown, 0},
		"dropped after the dot, stored": {"nobody can know", mailtest.Fault{Stage: mailtest.StageStored, Drop: true}, unknown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := startSink(t, mailtest.Options{Username: "rollcall", Password: "a long password"})
			if c.fault.Stage != "" {
				c.fault.Text = "try <ada.lovelace@example.org> later"
				sink.Inject(c.fault)
			}
			s := serverOf(t, sink.Addr(), TLSNone)
			s.Username, s.Password = "rollcall", "a long password"
			got := s.Send(testContext(t), testMessage(t))
			if got.Result != c.want {
				t.Errorf("%s (%s), want %s because: %s", got.Result, got.Reason, c.want, c.reason)
			}
			if len(sink.Messages()) != c.kept {
				t.Errorf("the server has %d messages, want %d", len(sink.Messages()), c.kept)
			}
			checkReason(t, got)
		})
	}
}

func checkReason(t *testing.T, o directory.DeliveryOutcome) {
	t.Helper()
	if (o.Result == directory.ResultSent) != (o.Reason == "") {
		t.Errorf("result %s with the reason %q", o.Result, o.Reason)
	}
	if len(o.Reason) > 200 || strings.ContainsAny(o.Reason, "@\r\n") || strings.Contains(o.Reason, "http") {
		t.Errorf("the reason is too long or tells too much: %q", o.Reason)
	}
}

func TestBY8_SilenceEndsWithTheClaim(t *testing.T) {
	for stage, want := range map[mailtest.Stage]directory.DeliveryResult{
		mailtest.StageConnect: directory.ResultRetry,
		mailtest.StageHello:   directory.ResultRetry,
		mailtest.StageMail:    directory.ResultRetry,
		mailtest.StageRcpt:    directory.ResultRetry,
		mailtest.StageData:    directory.ResultRetry,
		mailtest.StageDot:     directory.ResultUnknown,
		mailtest.StageStored:  directory.ResultUnknown,
	} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			sink := startSink(t, mailtest.Options{})
			fault := sink.Inject(mailtest.Fault{Stage: stage, Hold: true})
			ctx, cancel := context.WithCancelCause(testContext(t))
			go func() {
				<-fault.Reached()
				cancel(context.DeadlineExceeded)
			}()
			got := serverOf(t, sink.Addr(), TLSNone).Send(ctx, testMessage(t))
			if got.Result != want {
				t.Errorf("%s (%s), want %s", got.Result, got.Reason, want)
			}
			if !strings.Contains(got.Reason, "no answer in time") {
				t.Errorf("the reason is %q", got.Reason)
			}
		})
	}
}

// TestBY8_LostBeforeTheDotIsRetried uses a message that no buffer of the
// operating system swallows whole, and a server that goes in the middle of it.
func TestBY8_LostBeforeTheDotIsRetried(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	sink.Inject(mailtest.Fault{Stage: mailtest.StageBody, Drop: true})
	m := testMessage(t)
	m.Raw = append(m.Raw, bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), 1<<19)...)
	got := serverOf(t, sink.Addr(), TLSNone).Send(testContext(t), m)
	if got.Result != directory.ResultRetry {
		t.Errorf("%s (%s), want Retry: the final dot was never written", got.Result, got.Reason)
	}
}

func TestBY8_RefusedConnectionIsRetried(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	s := serverOf(t, sink.Addr(), TLSNone)
	if err := sink.Stop(); err != nil {
		t.Fatal(err)
	}
	want := directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: "connect to the mail server: connection refused"}
	if diff := cmp.Diff(want, s.Send(testContext(t), testMessage(t))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := sink.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := s.Send(testContext(t), testMessage(t)); got.Result != directory.ResultSent {
		t.Errorf("after the restart: %+v", got)
	}
}

func TestBY8_SameMessageTwiceIsOneMail(t *testing.T) {
	sink := startSink(t, mailtest.Options{})
	s := serverOf(t, sink.Addr(), TLSNone)
	for range 2 {
		if got := s.Send(testContext(t), testMessage(t)); got.Result != directory.ResultSent {
			t.Fatalf("%+v", got)
		}
	}
	messages := sink.Messages()
	if len(messages) != 1 || messages[0].Count != 2 || messages[0].MessageID != testDelivery().MessageID {
		t.Errorf("got %d messages, the first came %d times as %q", len(messages), messages[0].Count, messages[0].MessageID)
	}
}

func TestHE3_MailArrivesAsRendered(t *testing.T) {
	for _, mode := range []TLSMode{TLSNone, TLSStart, TLSImplicit} {
		for _, mechanism := range []string{"", "PLAIN", "LOGIN"} {
			t.Run(string(mode)+" "+mechanism, func(t *testing.T) {
				t.Parallel()
				o := mailtest.Options{TLS: mailtest.TLS(mode), Mechanisms: []string{mechanism}}
				if mechanism != "" {
					o.Username, o.Password = "rollcall", "pässword"
				}
				sink := startSink(t, o)
				s := serverOf(t, sink.Addr(), mode)
				s.CABundle, s.Username, s.Password = sink.CABundle(), o.Username, o.Password
				m := testMessage(t)
				if got := s.Send(testContext(t), m); got.Result != directory.ResultSent {
					t.Fatalf("%+v", got)
				}
				kept := sink.Messages()[0]
				if diff := cmp.Diff(string(m.Raw), string(kept.Raw)); diff != "" {
					t.Errorf("the message changed on its way (-sent +kept):\n%s", diff)
				}
				if diff := cmp.Diff([]string{testFrom, testDelivery().Address}, append([]string{kept.From}, kept.Recipients...)); diff != "" {
					t.Errorf("envelope (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestPromise_ConnectionIsSafeOrNotUsed(t *testing.T) {
	for name, c := range map[string]struct {
		sink   mailtest.Options
		change func(s *Server, sink *mailtest.Sink)
		want   string
	}{
		"no STARTTLS offered": {
			mailtest.Options{},
			func(s *Server, _ *mailtest.Sink) { s.TLS = TLSStart },
			`encrypt the connection to the mail server: it does not offer STARTTLS; nothing is sent unencrypted unless "tls" is none`,
		},
		"plain server, implicit wanted": {
			mailtest.Options{},
			func(s *Server, _ *mailtest.Sink) { s.TLS = TLSImplicit },
			"connect to the mail server: the connection was lost or is not one of SMTP",
		},
		"unknown authority": {
			mailtest.Options{TLS: mailtest.TLSStart},
			func(s *Server, _ *mailtest.Sink) { s.TLS = TLSStart },
			`encrypt the connection to the mail server: its certificate is signed by an unknown authority; set "ca.crt"`,
		},
		"unknown authority, implicit": {
			mailtest.Options{TLS: mailtest.TLSImplicit},
			func(s *Server, _ *mailtest.Sink) { s.TLS = TLSImplicit },
			`connect to the mail server: its certificate is signed by an unknown authority; set "ca.crt"`,
		},
		"another name": {
			mailtest.Options{TLS: mailtest.TLSImplicit, Addr: "127.0.0.2:0"},
			func(s *Server, sink *mailtest.Sink) { s.TLS, s.CABundle = TLSImplicit, sink.CABundle() },
			`connect to the mail server: its certificate is not for "127.0.0.2"; set "host" to the name in it`,
		},
		"no sign-in offered": {
			mailtest.Options{},
			func(s *Server, _ *mailtest.Sink) { s.Username, s.Password = "rollcall", "secret secret" },
			"sign in to the mail server: it offers neither PLAIN nor LOGIN",
		},
		"wrong password, name repeated": {
			mailtest.Options{Username: "x", Password: "y"},
			func(s *Server, _ *mailtest.Sink) { s.Username, s.Password = "rollcall", "secret secret" },
			"sign in to the mail server: it answered 535 Authentication failed for …",
		},
		"sign-in left out": {
			mailtest.Options{Username: "x", Password: "y"},
			func(*Server, *mailtest.Sink) {},
			"name the sender: it answered 530 Authentication required",
		},
		"password without encryption": {
			mailtest.Options{Username: "x", Password: "y"},
			func(s *Server, _ *mailtest.Sink) { s.Host, s.Username, s.Password = "mail.example", "x", "y" },
			`connect to the mail server: "tls": a password is not sent unencrypted; use starttls or implicit, or leave out "username"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := startSink(t, c.sink)
			s := serverOf(t, sink.Addr(), TLSNone)
			c.change(&s, sink)
			want := directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: c.want}
			if diff := cmp.Diff(want, s.Send(testContext(t), testMessage(t))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(sink.Messages()) != 0 {
				t.Error("the message was sent all the same")
			}
		})
	}
}

func TestSend_InternationalDomain(t *testing.T) {
	d := testDelivery()
	d.Address = "zoe@bücher.example"
	m, err := Render(d, Sender{From: testFrom, Date: testDate})
	if err != nil {
		t.Fatal(err)
	}
	sink := startSink(t, mailtest.Options{SMTPUTF8: true})
	if got := serverOf(t, sink.Addr(), TLSNone).Send(testContext(t), m); got.Result != directory.ResultSent {
		t.Fatalf("%+v", got)
	}
	if got := sink.Messages()[0].Recipients; !cmp.Equal(got, []string{"zoe@xn--bcher-kva.example"}) {
		t.Errorf("recipients %q", got)
	}
}

// script is a server that says fixed things, for what no real one says. It
// answers each line that it reads with the next of them.
func script(t *testing.T, lines ...string) Server {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for _, line := range lines {
			if _, err := fmt.Fprint(conn, line); err != nil {
				return
			}
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return serverOf(t, l.Addr().String(), TLSNone)
}

func TestPromise_HostileServers(t *testing.T) {
	link := testDelivery().Link
	for name, c := range map[string]struct {
		reason string
		lines  []string
		want   string
	}{
		"another protocol": {
			"what some service in the network says is not repeated",
			[]string{"HTTP/1.1 400 Bad Request secret-banner\r\n"},
			"connect to the mail server: the connection was lost or is not one of SMTP",
		},
		"endless line": {
			"memory is bounded",
			[]string{strings.Repeat("x", maxReceived+1)},
			"connect to the mail server: the connection was lost or is not one of SMTP",
		},
		"quotes the link": {
			"a link is a secret",
			[]string{"220 hi\r\n", "250 hi\r\n", "550 " + link + " and fQ0pZ3m9Zk8mJtq8c7t1b5f1yYy0u2p9R3v4w5x6y7z?a=1&b=2 are spam\r\n"},
			"name the sender: it answered 550 … and … are spam",
		},
		"quotes addresses": {
			"addresses of people belong in no status",
			[]string{"220 hi\r\n", "250 hi\r\n", "550 <ada.lovelace@example.org>: unknown, ask postmaster@x.example\r\n"},
			"name the sender: it answered 550 <…>: unknown, ask …",
		},
		"long and many lines": {
			"bounded to 200 bytes on one line",
			[]string{"220 hi\r\n", "250 hi\r\n", "550-" + strings.Repeat("é", 300) + "\r\n550 \x1b[2J\r\n"},
			"name the sender: it answered 550 " + strings.Repeat("é", 82) + "…",
		},
		"STARTTLS refused": {
			"no downgrade",
			[]string{"220 hi\r\n", "250-hi\r\n250 STARTTLS\r\n", "454 TLS not available\r\n"},
			"encrypt the connection to the mail server: it answered 454 TLS not available",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := script(t, c.lines...)
			if strings.Contains(name, "STARTTLS") {
				s.TLS = TLSStart
			}
			got := s.Send(testContext(t), testMessage(t))
			if got.Reason != c.want {
				t.Errorf("reason %q, want %q because %s", got.Reason, c.want, c.reason)
			}
			checkReason(t, got)
		})
	}
}
