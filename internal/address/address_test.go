package address_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/address"
)

func TestParse(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	for name, tc := range map[string]struct {
		in, want string
		reason   string
	}{
		"plain":           {"ada@example.com", "ada@example.com", "nothing to change"},
		"case and space":  {" \tAda.Lovelace@Example.COM\r\n", "ada.lovelace@example.com", "trimmed and lower-cased"},
		"no-break space":  {"\u00a0ada@example.com\u00a0", "ada@example.com", "copied from a web page"},
		"invisible":       {"\ufeffada@example.com\u200b", "ada@example.com", "copied from a spreadsheet"},
		"plus tag":        {"ada+news@example.com", "ada+news@example.com", "tags are another mailbox to us"},
		"all marks":       {"!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com", "atext of RFC 5322"},
		"umlaut":          {"ada@Bücher.example", "ada@xn--bcher-kva.example", "A-labels"},
		"decomposed":      {"ada@bu\u0308cher.example", "ada@xn--bcher-kva.example", "NFC"},
		"a-label":         {"ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example", "the same domain, written by a machine"},
		"sharp s":         {"ada@straße.example", "ada@xn--strae-oqa.example", "IDNA 2008 keeps ß"},
		"japanese":        {"ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah", "both labels"},
		"hebrew":          {"ada@דוגמה.טעסט", "ada@xn--6dbbec0c.xn--deba0ad", "right to left, valid by the Bidi rule"},
		"katakana dot":    {"ada@テス・ト.example", "ada@xn--zckzah7r.example", "CONTEXTO: beside Katakana"},
		"catalan dot":     {"ada@col·legi.example", "ada@xn--collegi-xma.example", "CONTEXTO: between two l"},
		"longest label":   {"ada@" + label63 + ".example", "ada@" + label63 + ".example", "63 octets"},
		"digits in label": {"ada@123.example", "ada@123.example", "RFC 1123"},
		"longest local":   {strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com", "64 octets"},
		"254 octets":      {at254(0), at254(0), "as long as SMTP allows"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := address.Parse(tc.in)
			if err != nil {
				t.Fatalf("Parse(%q): %v; want %q: %s", tc.in, err, tc.want, tc.reason)
			}
			if got.String() != tc.want {
				t.Errorf("Parse(%q) = %q, want %q: %s", tc.in, got, tc.want, tc.reason)
			}
			if got.Local()+"@"+got.Domain() != tc.want {
				t.Errorf("Local and Domain are %q and %q", got.Local(), got.Domain())
			}
		})
	}
}

// at254 returns an address of 254 octets and some more.
func at254(more int) string {
	local := strings.Repeat("x", 64)
	domain := strings.Repeat(strings.Repeat("a", 45)+".", 4) + "com"
	return local + "@" + strings.Repeat("b", 254-65-len(domain)-1+more) + "." + domain
}

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		in, says string
	}{
		"empty":               {" ", "missing"},
		"no at":               {"ada.example.com", "no @"},
		"two ats":             {"ada@x.com bob@y.com", "more than one @"},
		"no local":            {"@example.com", "nothing before the @"},
		"no domain":           {"ada@", "nothing after the @"},
		"one label":           {"ada@example", `"ada@example": the domain needs at least two labels, such as example.com`},
		"leading hyphen":      {"a@-bad.com", "hyphen"},
		"trailing hyphen":     {"a@bad-.com", "hyphen"},
		"symbol net/mail":     {"foo@bar.com×", "'×' is not allowed in a domain"},
		"emoji":               {"ada@i❤.example", "not allowed in a domain"},
		"emoji as a-label":    {"ada@xn--i-7iq.example", "not allowed in a domain"},
		"underscore":          {"ada@ex_ample.com", "'_' is not allowed"},
		"literal":             {"ada@[127.0.0.1]", "literal"},
		"numeric top":         {"ada@127.0.0.1", "ends in a number"},
		"root dot":            {"ada@example.com.", "ends with a dot"},
		"empty label":         {"ada@example..com", "empty label"},
		"leading domain dot":  {"ada@.example.com", "empty label"},
		"comment":             {"ada(work)@example.com", "comments"},
		"quoted local":        {`"ada lovelace"@example.com`, "quotation marks"},
		"name":                {"Ada <ada@example.com>", "without a name"},
		"space in local":      {"ada lovelace@example.com", "' ' is not allowed before the @"},
		"space in domain":     {"ada@exam ple.com", "white space"},
		"dot at start":        {".ada@example.com", "dot"},
		"dot at end":          {"ada.@example.com", "dot"},
		"two dots":            {"ada..l@example.com", "dot"},
		"local not ASCII":     {"adä@example.com", "'ä' is not allowed before the @"},
		"header injection":    {"ada\r\nBcc: x@example.com", "before the @"},
		"injection in domain": {"ada@example.com\r\nBcc:x.y", "white space"},
		"nul":                 {"ada@exa\x00mple.com", `'\x00' is not allowed`},
		"local 65":            {strings.Repeat("a", 65) + "@example.com", "64 characters"},
		"255 octets":          {at254(1), "254"},
		"huge":                {"ada@" + strings.Repeat("a.", 1<<20) + "com", "254"},
		"label 64":            {"ada@" + strings.Repeat("a", 64) + ".com", "63"},
		"u-label too long":    {"ada@" + strings.Repeat("ü", 60) + ".com", "internationalized"},
		"not UTF-8":           {"ada@exa\xffmple.com", "UTF-8"},
		"third hyphens":       {"ada@ab--cd.com", "reserved"},
		"broken a-label":      {"ada@xn--\u0661.com", "internationalized"},
		"empty a-label":       {"ada@xn--.com", "internationalized"},
		"a-label of ASCII":    {"ada@xn--ada-.com", "internationalized"},
		"dotted I":            {"ada@İstanbul.example", "lower case"},
		"kelvin sign":         {"ada@\u212aelvin.example", "lower case"},
		"fullwidth":           {"ada@ｅxample.com", "internationalized"},
		"ideographic stop":    {"ada@example。com", "at least two labels"},
		"bidi mix":            {"ada@aא.example", "internationalized"},
		"zero width inside":   {"ada@exam\u200bple.com", "not allowed"},
		"joiner at random":    {"ada@exam\u200dple.com", "internationalized"},
		"arabic digits mixed": {"ada@ا\u0661\u06f1.example", "internationalized"},
		"middle dot":          {"ada@a·b.example", "not allowed"},
		"lone katakana dot":   {"ada@a・b.example", "not allowed"},
		"mailto":              {"mailto:ada@example.com", "':' is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := address.Parse(tc.in)
			if err == nil {
				t.Fatalf("Parse(%q) = %q, want an error", tc.in, got)
			}
			if got != (address.Address{}) {
				t.Errorf("got %q beside an error", got)
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("Parse(%q): %v\nwant it to say %q", tc.in, err, tc.says)
			}
			checkMessage(t, err)
			if _, err2 := address.Canonical(tc.in); err2 == nil || err2.Error() != err.Error() {
				t.Errorf("Canonical: %v, Parse: %v", err2, err)
			}
		})
	}
}

// checkMessage holds for every error: it may be put into a status as it is.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	s := err.Error()
	if len(s) > 1000 || !utf8.ValidString(s) {
		t.Errorf("an error of %d bytes: %s", len(s), s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			t.Errorf("%q holds %U", s, r)
		}
	}
}

func TestDisplay(t *testing.T) {
	for in, want := range map[string]string{
		"Ada@Bücher.example":           "ada@bücher.example",
		"ada@xn--bcher-kva.example":    "ada@bücher.example",
		"ada@example.com":              "ada@example.com",
		"ada@xn--6dbbec0c.xn--deba0ad": "ada@דוגמה.טעסט",
	} {
		a, err := address.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if a.Display() != want {
			t.Errorf("Parse(%q).Display() = %q, want %q", in, a.Display(), want)
		}
	}
}

func TestZeroAddress(t *testing.T) {
	var a address.Address
	if a.String() != "" || a.Display() != "" {
		t.Errorf("the zero Address reads %q and %q", a.String(), a.Display())
	}
}

func TestSpellingsCompareEqual(t *testing.T) {
	a, err := address.Parse("ADA@BÜCHER.example")
	if err != nil {
		t.Fatal(err)
	}
	b, err := address.Parse("ada@xn--bcher-kva.EXAMPLE")
	if err != nil {
		t.Fatal(err)
	}
	if a != b {
		t.Errorf("%q and %q differ", a, b)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"ada@example.com", "ada@Bücher.example", "ada@xn--bcher-kva.example", "foo@bar.com×", "a@-bad.com",
		"ada@דוגמה.טעסט", "ada@col·legi.example", "ada@İ.example", "ada@xn--.com", "\xff@\x00.c", "ada@straße.example",
		"ada@नी\u200dक.example", "ada@a.xn--9", "x@ᏸ.example", "x@ꭰ.example", "x@ǆ.example",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := address.Parse(s)
		if err != nil {
			checkMessage(t, err)
			return
		}
		c := a.String()
		again, err := address.Parse(c)
		if err != nil {
			t.Fatalf("%q is canonical for %q and refused: %v", c, s, err)
		}
		if again != a || again.String() != c {
			t.Fatalf("%q is canonical for %q, and %q for that", c, s, again)
		}
		if len(c) > address.MaxLength || len(a.Local()) > address.MaxLocal || !strings.Contains(a.Domain(), ".") {
			t.Fatalf("%q is out of bounds", c)
		}
		for _, r := range c {
			if r <= ' ' || r >= 0x7f {
				t.Fatalf("%q holds %U", c, r)
			}
		}
		shown, err := address.Parse(a.Display())
		if err != nil || shown != a {
			t.Fatalf("%q is shown as %q, which reads %q, %v", c, a.Display(), shown, err)
		}
	})
}
