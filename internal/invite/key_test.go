package invite

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseKey(t *testing.T) {
	secret := []byte("\x00\x01\x02\x03an invitation key of 32 bytes\xff\xfe\xfd")[:32]
	long := append(bytes.Clone(secret), secret...)
	want, err := NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for reason, test := range map[string]struct {
		contents string
		want     []byte
		err      string
	}{
		"hexadecimal":                {hex.EncodeToString(secret), secret, ""},
		"upper case, line break":     {strings.ToUpper(hex.EncodeToString(secret)) + "\n", secret, ""},
		"base64":                     {base64.StdEncoding.EncodeToString(secret) + "\r\n", secret, ""},
		"base64 without padding":     {base64.RawStdEncoding.EncodeToString(secret), secret, ""},
		"base64url":                  {base64.URLEncoding.EncodeToString(secret), secret, ""},
		"raw bytes":                  {string(secret), secret, ""},
		"longer than the least":      {hex.EncodeToString(long), long, ""},
		"empty":                      {"", nil, "openssl rand"},
		"white space only":           {" \n\t", nil, "openssl rand"},
		"too short in hexadecimal":   {hex.EncodeToString(secret[:31]), nil, "at least 32 bytes, and this one has 31"},
		"too short as it is":         {"short!", nil, "at least 32 bytes, and this one has 6"},
		"a passphrase like base64":   {"correcthorsebatterystaple", nil, "at least 32 bytes"},
		"all zero":                   {strings.Repeat("00", 32), nil, "the same byte"},
		"larger than any key should": {strings.Repeat("!", 5000) + "?", nil, "at most 4096 bytes"},
	} {
		t.Run(reason, func(t *testing.T) {
			got, err := ParseKey([]byte(test.contents))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v; want one with %q", err, test.err)
				}
				if text := strings.TrimSpace(test.contents); text != "" && strings.Contains(err.Error(), text) {
					t.Error("the error repeats the contents")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.secret, test.want) {
				t.Errorf("read %d bytes, not those that were written", len(got.secret))
			}
			if bytes.Equal(test.want, secret) && !got.Token("i", 1, Nonce{}).Equal(want.Token("i", 1, Nonce{})) {
				t.Error("the same key makes other tokens")
			}
		})
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte(strings.Repeat("0f", 32)))
	f.Add([]byte("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
	f.Fuzz(func(t *testing.T, contents []byte) {
		k, err := ParseKey(contents)
		if err != nil {
			if !k.IsZero() {
				t.Error("an error came with a key")
			}
			return
		}
		if len(k.secret) < MinKeyBytes {
			t.Errorf("accepted %d bytes", len(k.secret))
		}
	})
}

func TestNonce(t *testing.T) {
	n, err := NewNonce(strings.NewReader(strings.Repeat("n", 40)))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseNonce(n.Encode()); err != nil || again != n {
		t.Errorf("a nonce does not survive being stored: %v", err)
	}
	boom := errors.New("boom")
	if _, err := NewNonce(iotest.ErrReader(boom)); !errors.Is(err, boom) {
		t.Errorf("error %v; want the reader's", err)
	}
	if _, err := NewNonce(strings.NewReader("short")); err == nil {
		t.Error("a short read made a nonce")
	}
	for _, text := range []string{"", "00", n.Encode() + "00", strings.Repeat("x", 64)} {
		if _, err := ParseNonce(text); err == nil {
			t.Errorf("read a nonce from %q", text)
		}
	}
}
