package mail

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

var hostileNames = map[string]string{
	"line ends":         "Evil\r\nBcc: victim@example.com\r\n\r\n<html>",
	"lone line feed":    "Evil\nX-Evil: 1",
	"lone return":       "Evil\rX-Evil: 1",
	"unicode line end":  "Evil\u2028X-Evil: 1\u2029\u0085X",
	"null":              "Evil\x00Inc\x1b[31m\x7f",
	"markup":            `</td></table><script>alert(1)</script><a href="https://evil.example">Accept</a>`,
	"attribute":         `" onmouseover="alert(1)" style="display:none`,
	"template":          `{{.Link}} {{template "x"}}`,
	"bidi override":     "Evil\u202egnp.exe\u202c Inc",
	"bidi isolate":      "\u2067Evil\u2069\u2069 Inc\u200f\u061c",
	"zero width":        "E\u200bv\u200di\u00adl\ufeff\u2060 I\U000e0041nc",
	"fillers only":      "\u3164\u115f\u200b\u00a0",
	"encoded word":      "=?utf-8?q?Evil=0D=0ABcc=3A_victim=40example=2Ecom?=",
	"encoded word b":    "=?UTF-8?B?4oCuZXZpbA==?=",
	"quotes":            `Evil" <ceo@bank.example>, "x`,
	"address":           "ceo@bank.example",
	"address and angle": "Bank <ceo@bank.example>",
	"web address":       "Your account is locked: https://evil.example/login?x=1 or www.evil.example",
	"other scheme":      "javascript:alert(1) mailto:x@evil.example tel:+123",
	"ideographic stop":  "evil。example evil．example",
	"not utf-8":         "Evil \xff\xfe\xc3\x28",
	"endless":           strings.Repeat("Endless ", 4000),
	"endless word":      strings.Repeat("x", 20000),
	"endless wide":      strings.Repeat("漢", 5000),
	"boundary":          "--rollcall-0000000000000000000000000000000000000000--",
	"stacked accents":   "Z" + strings.Repeat("\u0335\u0341", 500),
	"dots":              ".\r\n.\r\nQUIT\r\n",
}

// everywhere puts a name wherever text from outside is shown.
func everywhere(name string) directory.Delivery {
	d := testDelivery()
	d.Details = directory.InvitationDetails{
		OrganizationName: name,
		DisplayName:      name,
		Roles:            []string{name},
		Units:            []string{name},
		Message:          name,
		Locale:           name,
	}
	return d
}

func TestPromise_HostileNamesStayText(t *testing.T) {
	tags := regexp.MustCompile(`<(/?[a-z0-9!]+)[^>]*>`)
	structure := func(html string) []string {
		var all []string
		for _, found := range tags.FindAllStringSubmatch(html, -1) {
			// A message of several lines has more of these.
			if found[1] != "br" && !strings.HasSuffix(found[1], "bdi") {
				all = append(all, found[1])
			}
		}
		return all
	}
	harmless := structure(render(t, everywhere("Sunrise Clinic")).HTML)
	for name, hostile := range hostileNames {
		t.Run(name, func(t *testing.T) {
			d := everywhere(hostile)
			if oneLine(hostile, maxName) == "" {
				d.Details.Roles, d.Details.Units, d.Details.Message = []string{"x"}, []string{"x"}, "x"
			}
			m := render(t, d)
			if diff := cmp.Diff(harmless, structure(m.HTML)); diff != "" {
				t.Errorf("the elements of the mail changed (-harmless +hostile):\n%s", diff)
			}
			checkHeader(t, m)
			if len(m.Raw) > 64<<10 {
				t.Errorf("the mail has %d bytes", len(m.Raw))
			}
		})
	}
}

func TestPromise_HostileNamesGolden(t *testing.T) {
	var b bytes.Buffer
	names := make([]string, 0, len(hostileNames))
	for name := range hostileNames {
		names = append(names, name)
	}
	for _, name := range sorted(names) {
		d := everywhere(hostileNames[name])
		c := newContent(d, "ada@example.org")
		from := mail.Address{Name: headerText(organizationName(d)), Address: testFrom}
		b.WriteString("=== " + name + "\nSubject: " + ascii(subject(d)) + "\nFrom: " + ascii(from.String()) +
			"\nName: " + ascii(c.Name) + "\n")
		for _, line := range c.Message {
			b.WriteString("> " + ascii(line) + "\n")
		}
	}
	golden(t, "hostile", b.Bytes())
}

func TestPromise_NamesDoNotBecomeLinks(t *testing.T) {
	for name, c := range map[string]struct{ given, want string }{
		"scheme":        {"http://evil.example", "http:|//evil.|example"},
		"bare":          {"visit evil.example.com now", "visit evil.|example.|com now"},
		"single labels": {"a.b.c.d", "a.|b.|c.|d"},
		"address":       {"me@evil.example", "me@|evil.|example"},
		"sentence":      {"Dr. Ada. Welcome!", "Dr. Ada. Welcome!"},
		"ideographic":   {"evil。example", "evil。|example"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.ReplaceAll(inert(c.given), string(zeroWidthSpace), "|"); got != c.want {
				t.Errorf("%q became %q, want %q", c.given, got, c.want)
			}
		})
	}
}

func TestPromise_LegitimateScriptsSurvive(t *testing.T) {
	for name, text := range map[string]string{
		"Persian with non-joiner": "می\u200cخواهم",
		"family emoji":            "👩\u200d👩\u200d👧",
		"Devanagari":              "क्\u200dष",
		"Hebrew":                  "זואי",
	} {
		t.Run(name, func(t *testing.T) {
			if got := oneLine(text, maxName); got != text {
				t.Errorf("%+q became %+q", text, got)
			}
		})
	}
}

// checkHeader holds what must be true of every header, whatever was put in.
func checkHeader(t *testing.T, m mailtest.Message) {
	t.Helper()
	want := []string{
		"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "Message-Id", "Mime-Version",
		"Reply-To", "Subject", "To", "X-Auto-Response-Suppress",
	}
	if diff := cmp.Diff(want, rawHeader(t, m.Raw)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	from, err := mail.ParseAddressList(m.Header.Get("From"))
	if err != nil || len(from) != 1 || from[0].Address != testFrom {
		t.Fatalf("From is %q (%v), want one address, ours", m.Header.Get("From"), err)
	}
	if from[0].Name == "" || strings.Contains(from[0].Name, "@") || strings.Contains(from[0].Name, "://") {
		t.Errorf("the sender's name is %q", from[0].Name)
	}
	for _, shown := range []string{from[0].Name, m.Subject} {
		if strings.ContainsFunc(shown, func(r rune) bool { return isInvisible(r) || unicode.IsControl(r) }) {
			t.Errorf("%+q has characters that cannot be seen", shown)
		}
		if decoded, err := new(mime.WordDecoder).DecodeHeader(shown); err != nil || decoded != shown {
			t.Errorf("%q is decoded once more, to %q", shown, decoded)
		}
	}
}

func FuzzPromise_NoHeaderIsInjected(f *testing.F) {
	for _, hostile := range hostileNames {
		f.Add(hostile, hostile, "ada@example.org", "id@rollcall.example.com")
		f.Add("Sunrise", "", hostile, hostile)
	}
	f.Fuzz(func(t *testing.T, organization, message, address, messageID string) {
		d := everywhere(organization)
		d.Details.Message, d.Address, d.MessageID = message, address, messageID
		raw, err := Render(d, Sender{From: testFrom, Date: testDate})
		if err != nil {
			if !directory.IsKind(err, directory.KindInvalid) {
				t.Fatalf("refused for another reason than its input: %v", err)
			}
			return
		}
		m, err := mailtest.Parse(raw.Raw)
		if err != nil {
			t.Fatal(err)
		}
		checkHeader(t, m)
		if to, err := mail.ParseAddressList(m.To); err != nil || len(to) != 1 {
			t.Errorf("To is %q: %v", m.To, err)
		}
		if got := countParts(t, m); got != 2 {
			t.Errorf("%d parts, want 2", got)
		}
		if m.Link != d.Link {
			t.Errorf("the link is %q", m.Link)
		}
	})
}

func countParts(t *testing.T, m mailtest.Message) int {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for n := 0; ; n++ {
		if _, err := parts.NextPart(); err != nil {
			return n
		}
	}
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}

// ascii makes what cannot be seen visible in a golden file.
func ascii(s string) string {
	quoted := strconv.QuoteToASCII(s)
	if len(quoted) > 300 {
		return quoted[1:300] + " and so on"
	}
	return quoted[1 : len(quoted)-1]
}
