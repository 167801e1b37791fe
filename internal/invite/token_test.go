package invite

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func testKey(t testing.TB, fill byte) Key {
	t.Helper()
	secret := bytes.Repeat([]byte{fill}, MinKeyBytes)
	secret[0]++ // a key of one repeated byte is refused
	k, err := NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPromise_TokenIs32BytesAndAFunctionOfAllItsParts(t *testing.T) {
	const id = "invitation"
	key, nonce := testKey(t, 1), Nonce{1}
	token := key.Token(id, 1, nonce)
	if raw, err := base64.RawURLEncoding.DecodeString(string(token)); err != nil || len(raw) != 32 || len(token) != 43 {
		t.Errorf("the token has %d characters and %d bytes (%v); want 43 and 32", len(token), len(raw), err)
	}
	if !token.Equal(key.Token(id, 1, nonce)) {
		t.Error("the same parts made another token")
	}
	for reason, other := range map[string]Token{
		"another key":           testKey(t, 2).Token(id, 1, nonce),
		"another invitation":    key.Token("invitatioN", 1, nonce),
		"another revision":      key.Token(id, 2, nonce),
		"another nonce":         key.Token(id, 1, Nonce{2}),
		"a moved part boundary": key.Token(id+string(rune(1)), 1, Nonce{}),
	} {
		if token.Equal(other) {
			t.Errorf("%s made the same token", reason)
		}
	}
}

// The construction is part of every link that was ever mailed: changing it
// would kill them. The values were computed independently, in Python.
func TestTokenConstructionIsStable(t *testing.T) {
	got := testKey(t, 1).Token("invitation", 7, Nonce{1, 2, 3})
	const want, hash = "v0LgPzY2Qh9wsH-QaeMSRI0yL_QoLoH0ZByHtCjuYzo", "68ed442a481e5f335f8a4f172547c14f8f40ef2222c44854dbca91c142025437"
	if string(got) != want || got.Hash() != hash {
		t.Errorf("token %s, hash %s; want %s and %s", string(got), got.Hash(), want, hash)
	}
}

func TestZeroKeyMakesNoToken(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the zero key made a token")
		}
	}()
	Key{}.Token("invitation", 1, Nonce{})
}

func TestParseToken(t *testing.T) {
	good := string(testKey(t, 1).Token("invitation", 1, Nonce{}))
	for reason, test := range map[string]struct {
		text string
		ok   bool
	}{
		"a token":                   {good, true},
		"empty":                     {"", false},
		"one character less":        {good[:42], false},
		"one character more":        {good + "A", false},
		"padded":                    {good + "=", false},
		"the standard alphabet":     {"+" + good[1:], false},
		"a line break in it":        {good[:20] + "\n" + good[21:], false},
		"white space before it":     {" " + good[1:], false},
		"bits beyond the last byte": {strings.Repeat("A", 42) + "B", false},
		"much too long":             {strings.Repeat("A", 1<<20), false},
		"not ASCII":                 {"é" + good[2:], false},
	} {
		t.Run(reason, func(t *testing.T) {
			got, err := ParseToken(test.text)
			if test.ok && (err != nil || string(got) != test.text) {
				t.Errorf("got %q, %v", string(got), err)
			}
			if !test.ok && !errors.Is(err, ErrMalformedToken) {
				t.Errorf("got %q, %v; want ErrMalformedToken", string(got), err)
			}
		})
	}
}

func TestPromise_SecretsDoNotPrintThemselves(t *testing.T) {
	key := testKey(t, 'k')
	token := key.Token("invitation", 1, Nonce{})
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", token, key, struct {
			T Token
			K Key
		}{token, key})
	}
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("secrets", "token", token, "key", key)
	if err := fmt.Errorf("with %v and %v", token, key); err != nil {
		out.WriteString(err.Error())
	}
	for _, secret := range []string{string(token), fmt.Sprintf("%x", string(token)), "kkkk", fmt.Sprintf("%x", "kkkk"), "107 107"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the output contains %q:\n%s", secret, out.String())
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(string(testKey(f, 1).Token("invitation", 1, Nonce{})))
	f.Add(strings.Repeat("A", 43))
	f.Add("\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseToken(text)
		if err != nil {
			if token != "" || !errors.Is(err, ErrMalformedToken) {
				t.Errorf("refused with %q, %v", string(token), err)
			}
			return
		}
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(raw) != tokenBytes {
			t.Fatalf("accepted %q: %v", text, err)
		}
		if again := base64.RawURLEncoding.EncodeToString(raw); again != text {
			t.Errorf("%q is another spelling of %q", text, again)
		}
	})
}
