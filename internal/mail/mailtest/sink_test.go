package mailtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	testingclock "k8s.io/utils/clock/testing"
)

const testMail = "From: Clinic <from@example.org>\r\nTo: <to@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
	"Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\naHR0cHM6Ly94LmV4YW1wbGUvMQo=\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"<html><head></head><body><a class=3D\"x\" href=3D\"https://x.example/1?a&amp;b\">Go</a></body></html>\r\n--b--\r\n"

func start(t *testing.T, o Options) *Sink {
	t.Helper()
	s, err := Start(o)
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

// send hands a mail over with the client of the standard library.
func send(s *Sink, raw string) error {
	return smtp.SendMail(s.Addr(), nil, "from@example.org", []string{"to@example.org"}, []byte(raw))
}

func TestSink_TakesMailApart(t *testing.T) {
	now := time.Date(2025, 11, 21, 14, 30, 0, 0, time.UTC)
	s := start(t, Options{Clock: testingclock.NewFakePassiveClock(now)})
	if err := send(s, testMail); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()[0]
	got.Header = nil
	want := Message{
		From: "from@example.org", Recipients: []string{"to@example.org"}, To: "<to@example.org>", Subject: "Grüße",
		MessageID: "1@example.org", Text: "https://x.example/1\n", Link: "https://x.example/1?a&b",
		HTML: `<html><head></head><body><a class="x" href="https://x.example/1?a&amp;b">Go</a></body></html>`,
		Raw:  []byte(testMail), Count: 1, ReceivedAt: now,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSink_KeepsMailAcrossRuns(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	for range 2 {
		if err := send(s, testMail); err != nil {
			t.Fatal(err)
		}
	}
	hostile := strings.Replace(testMail, "<1@example.org>", "<../../evil>", 1)
	for _, raw := range []string{hostile, "Subject: none\r\n\r\nhello\r\n"} {
		if err := send(s, raw); err != nil {
			t.Fatal(err)
		}
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "1@example.org.eml")); err != nil || string(raw) != testMail {
		t.Errorf("file %q, error %v", raw, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 3 {
		t.Errorf("%d files (%v), want 3 and no temporary ones", len(files), err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}

	ids := map[string]int{}
	for _, m := range start(t, Options{Dir: dir}).Messages() {
		ids[m.MessageID] = m.Count
	}
	if len(ids) != 3 || ids["1@example.org"] != 1 {
		t.Errorf("listed again: %v", ids)
	}
}

func TestSink_DoesNotAnswerBeforeItKeeps(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := send(s, testMail); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Errorf("answered %v, want 451", err)
	}
	if len(s.Messages()) != 0 {
		t.Error("it lists what it could not keep")
	}
}

func TestSink_RestartsOnTheSameAddress(t *testing.T) {
	s := start(t, Options{TLS: TLSStart})
	addr, bundle := s.Addr(), s.CABundle()
	if err := s.Restart(); err == nil {
		t.Error("a running sink was started once more")
	}
	for range 3 {
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr); err == nil {
			_ = conn.Close()
			t.Error("a stopped sink takes connections")
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	if s.Addr() != addr || s.CABundle() != bundle {
		t.Errorf("now at %s with another authority, was at %s", s.Addr(), addr)
	}
}

func TestSink_WaitsForMail(t *testing.T) {
	s := start(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() { sent <- send(s, testMail) }()
	if _, err := s.Wait(ctx, func(m Message) bool { return m.Subject == "Grüße" }); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	cancel()
	if _, err := s.Wait(ctx, func(Message) bool { return false }); err == nil {
		t.Error("waited for nothing")
	}
}

func TestSink_SignIn(t *testing.T) {
	s := start(t, Options{Username: "u", Password: "p"})
	if err := send(s, testMail); err == nil || !strings.HasPrefix(err.Error(), "530") {
		t.Errorf("without: %v, want 530", err)
	}
	host, _, _ := net.SplitHostPort(s.Addr())
	for password, want := range map[string]string{"p": "", "x": "535"} {
		auth := smtp.PlainAuth("", "u", password, host)
		err := smtp.SendMail(s.Addr(), auth, "from@example.org", []string{"to@example.org"}, []byte(testMail))
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("with %q: %v, want %q", password, err, want)
		}
	}
}

func TestSink_Certificate(t *testing.T) {
	s := start(t, Options{TLS: TLSImplicit})
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(s.CABundle())) {
		t.Fatal("no certificate in the bundle")
	}
	for _, name := range []string{"localhost", "127.0.0.1"} {
		d := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: name}}
		conn, err := d.DialContext(t.Context(), "tcp", s.Addr())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = conn.Close()
	}
}

func TestSink_Faults(t *testing.T) {
	for name, c := range map[string]struct {
		fault Fault
		want  string
		kept  int
	}{
		"greeting":      {Fault{Stage: StageConnect, Code: 421, Text: "busy"}, `421 "busy"`, 0},
		"hello":         {Fault{Stage: StageHello, Code: 550, Text: "no"}, `550 "no"`, 0},
		"sender":        {Fault{Stage: StageMail, Code: 451, Text: "later"}, `451 "later"`, 0},
		"recipient":     {Fault{Stage: StageRcpt, Code: 550, Text: "gone", To: "to@example.org"}, `550 "gone"`, 0},
		"somebody else": {Fault{Stage: StageRcpt, Code: 550, To: "other@example.org"}, "", 1},
		"data":          {Fault{Stage: StageData, Code: 554, Text: "no"}, `554 "no"`, 0},
		"dot":           {Fault{Stage: StageDot, Code: 452, Text: "full"}, `452 "full"`, 0},
		"stored":        {Fault{Stage: StageStored, Drop: true}, "EOF", 1},
		"lost":          {Fault{Stage: StageDot, Drop: true}, "EOF", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{})
			i := s.Inject(c.fault)
			err := send(s, testMail)
			if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if len(s.Messages()) != c.kept {
				t.Errorf("%d messages, want %d", len(s.Messages()), c.kept)
			}
			i.Remove()
			if err := send(s, testMail); err != nil {
				t.Errorf("after the fault was removed: %v", err)
			}
		})
	}
}

func TestSink_FaultsEndAfterTheirTimes(t *testing.T) {
	s := start(t, Options{})
	s.Inject(Fault{Stage: StageRcpt, Code: 450, Times: 2})
	var refused []bool
	for range 3 {
		refused = append(refused, send(s, testMail) != nil)
	}
	if diff := cmp.Diff([]bool{true, true, false}, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func TestSink_HoldsUntilReleased(t *testing.T) {
	s := start(t, Options{})
	i := s.Inject(Fault{Stage: StageDot, Hold: true})
	done := make(chan error, 1)
	go func() { done <- send(s, testMail) }()
	<-i.Reached()
	if len(s.Messages()) != 0 {
		t.Error("it was kept while held")
	}
	i.Release()
	if err := <-done; err != nil || len(s.Messages()) != 1 {
		t.Errorf("%v, %d messages", err, len(s.Messages()))
	}
}

func TestSink_StopLetsGoWhatIsHeld(t *testing.T) {
	s := start(t, Options{})
	i := s.Inject(Fault{Stage: StageRcpt, Hold: true})
	done := make(chan error, 1)
	go func() { done <- send(s, testMail) }()
	<-i.Reached()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("sent to a stopped sink")
	}
}
