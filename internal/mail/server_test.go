package mail

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

func TestParseServer(t *testing.T) {
	for name, c := range map[string]struct {
		data map[string]string
		want Server
	}{
		"host only":   {map[string]string{"host": "mail.example"}, Server{Host: "mail.example", Port: 587, TLS: TLSStart}},
		"implicit":    {map[string]string{"host": "mail.example\n", "tls": "Implicit"}, Server{Host: "mail.example", Port: 465, TLS: TLSImplicit}},
		"none":        {map[string]string{"host": "10.0.0.1", "tls": "none"}, Server{Host: "10.0.0.1", Port: 25, TLS: TLSNone}},
		"everything":  {map[string]string{"host": "::1", "port": "2525", "tls": "none", "username": "u", "password": " p \n", "helo": "[::2]", "other": "x"}, Server{Host: "::1", Port: 2525, TLS: TLSNone, Username: "u", Password: " p ", HELO: "[::2]"}},
		"local relay": {map[string]string{"host": "localhost", "tls": "none", "username": "u", "password": "p"}, Server{Host: "localhost", Port: 25, TLS: TLSNone, Username: "u", Password: "p"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseServer(bytesOf(c.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseServer_ErrorsNameTheKey(t *testing.T) {
	for name, c := range map[string]struct {
		data map[string]string
		key  string
	}{
		"nothing":                 {nil, "host"},
		"a URL as host":           {map[string]string{"host": "smtp://mail.example"}, "host"},
		"line end in host":        {map[string]string{"host": "mail.example\r\nQUIT"}, "host"},
		"port in words":           {map[string]string{"host": "m", "port": "smtp"}, "port"},
		"port too high":           {map[string]string{"host": "m", "port": "65536"}, "port"},
		"unknown mode":            {map[string]string{"host": "m", "tls": "maybe"}, "tls"},
		"plain password":          {map[string]string{"host": "m", "tls": "none", "username": "u", "password": "hunter2"}, "tls"},
		"password, no name":       {map[string]string{"host": "m", "password": "hunter2"}, "username"},
		"name, no password":       {map[string]string{"host": "m", "username": "u"}, "password"},
		"password of two lines":   {map[string]string{"host": "m", "username": "u", "password": "hunter2\nhunter2"}, "password"},
		"bundle is not PEM":       {map[string]string{"host": "m", "ca.crt": "hunter2"}, "ca.crt"},
		"line end in the greeter": {map[string]string{"host": "m", "helo": "x\r\nMAIL"}, "helo"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseServer(bytesOf(c.data))
			if err == nil || !strings.Contains(err.Error(), `"`+c.key+`"`) {
				t.Errorf("error %v does not name %q", err, c.key)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v repeats a secret", err)
			}
		})
	}
}

func TestParseServer_CertificatesOfTheSecret(t *testing.T) {
	sink := startSink(t, mailtest.Options{TLS: mailtest.TLSImplicit})
	s, err := ParseServer(map[string][]byte{"host": []byte("127.0.0.1"), "ca.crt": []byte(sink.CABundle())})
	if err != nil || strings.TrimSpace(s.CABundle) != strings.TrimSpace(sink.CABundle()) {
		t.Errorf("bundle %q, error %v", s.CABundle, err)
	}
}

func TestParseServerURL(t *testing.T) {
	for name, c := range map[string]struct {
		url, password string
		want          Server
		wrong         string
	}{
		"starttls":             {"smtp://mail.example", "", Server{Host: "mail.example", Port: 587, TLS: TLSStart}, ""},
		"signed in":            {"smtp://ops%40x.example@mail.example:2587?helo=us.example", "p", Server{Host: "mail.example", Port: 2587, TLS: TLSStart, Username: "ops@x.example", Password: "p", HELO: "us.example"}, ""},
		"implicit":             {"smtps://mail.example/", "", Server{Host: "mail.example", Port: 465, TLS: TLSImplicit}, ""},
		"none":                 {"smtp://[::1]:1025?tls=none", "", Server{Host: "::1", Port: 1025, TLS: TLSNone}, ""},
		"password inside":      {"smtp://u:hunter2@mail.example", "", Server{}, "must not hold a password"},
		"http":                 {"https://mail.example", "", Server{}, "use smtp or smtps"},
		"path":                 {"smtp://mail.example/x", "", Server{}, "longer than host and port"},
		"unknown parameter":    {"smtp://mail.example?starttls=no", "", Server{}, "unknown parameter"},
		"contradiction":        {"smtps://mail.example?tls=none", "", Server{}, "contradict"},
		"empty":                {"", "", Server{}, "use smtp or smtps"},
		"unreadable":           {"smtp://u:hunter2@ma il", "", Server{}, "cannot be read"},
		"nowhere":              {"smtp://", "", Server{}, `"host"`},
		"password unencrypted": {"smtp://u@mail.example?tls=none", "hunter2", Server{}, `"tls"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseServerURL(c.url, c.password)
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Fatalf("error %v, want %q", err, c.wrong)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v repeats a secret", err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func bytesOf(data map[string]string) map[string][]byte {
	all := map[string][]byte{}
	for key, value := range data {
		all[key] = []byte(value)
	}
	return all
}
