package mail

import (
	"bytes"
	"flag"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t *testing.T, d directory.Delivery) mailtest.Message {
	t.Helper()
	raw, err := Render(d, Sender{From: testFrom, Date: testDate})
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	m, err := mailtest.Parse(raw.Raw)
	if err != nil {
		t.Fatalf("parse what was rendered: %v\n%s", err, raw.Raw)
	}
	return m
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", file, diff)
	}
}

func TestHE3_GoldenMails(t *testing.T) {
	for name, change := range map[string]func(*directory.Delivery){
		"full": func(*directory.Delivery) {},
		"minimal": func(d *directory.Delivery) {
			d.Mail = directory.MailIdentity{}
			d.Details = directory.InvitationDetails{OrganizationName: "Sunrise Clinic"}
		},
		"units-only": func(d *directory.Delivery) {
			d.Details.Roles, d.Details.Message = nil, ""
			d.Details.Units = []string{"North Team", "South Team"}
		},
		"reminder": func(d *directory.Delivery) {
			d.Reminder, d.InReplyTo, d.MessageID = 2, d.MessageID, "second."+d.MessageID
		},
		"confirm": func(d *directory.Delivery) { d.Purpose = directory.PurposeConfirm },
		"confirm-reminder": func(d *directory.Delivery) {
			d.Purpose, d.Reminder, d.InReplyTo = directory.PurposeConfirm, 1, d.MessageID
		},
		"join-by-link": func(d *directory.Delivery) {
			d.Purpose = directory.PurposeJoinByLink
			d.Details = directory.InvitationDetails{OrganizationName: "Sunrise Clinic"}
		},
		"international": func(d *directory.Delivery) {
			d.Mail.From = "einladung@praxis-müller.example"
			d.Address = "zoe@bücher.example"
			d.Details.OrganizationName = "Praxis Müller & Töchter 🌅"
			d.Details.DisplayName = "זואי O’Hara-Ōtsuka"
			d.Details.Message = "مرحبا بك في الفريق"
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := testDelivery()
			change(&d)
			m, err := Render(d, Sender{From: testFrom, Date: testDate})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".eml", m.Raw)
			parsed, err := mailtest.Parse(m.Raw)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", []byte(parsed.Text))
			golden(t, name+".html", []byte(parsed.HTML))
		})
	}
}

func TestHE3_OneButtonLeadsToTheLink(t *testing.T) {
	d := testDelivery()
	d.Details.Message = "See https://wiki.example/start or www.example.com, or write to me@example.com."
	m := render(t, d)
	if m.Link != d.Link {
		t.Errorf("the first link leads to %q, want the invitation's", m.Link)
	}
	if got := strings.Count(m.HTML, `class="button-ink"`); got != 1 {
		t.Errorf("%d buttons, want one", got)
	}
	escaped := strings.ReplaceAll(d.Link, "&", "&amp;")
	for _, found := range regexp.MustCompile(`(?i)(?:href|src|action|url\()\s*=?\s*"?([^"\s)>]*)`).FindAllStringSubmatch(m.HTML, -1) {
		if found[1] != escaped {
			t.Errorf("the mail refers to %q, want nothing but the invitation", found[1])
		}
	}
	if !strings.Contains(m.Text, "\n"+d.Link+"\n") {
		t.Error("the plain text does not have the link on a line of its own")
	}
}

func TestHE3_SaysWhoWhatAndUntilWhen(t *testing.T) {
	m := render(t, testDelivery())
	for _, said := range []string{
		"Sunrise Clinic", "Ada Lovelace, BCBA", "Clinician", "Supervisor", "North Team", "Welcome aboard, Ada!",
		"Friday, 28 November 2025, 14:30 UTC", "Ignore this mail; nothing happens.",
	} {
		if !strings.Contains(m.Text, said) {
			t.Errorf("the plain text does not say %q", said)
		}
		if !strings.Contains(m.HTML, said) {
			t.Errorf("the HTML does not say %q", said)
		}
	}
}

func TestHE3_LooksRightOnAPhone(t *testing.T) {
	html := render(t, testDelivery()).HTML
	for _, found := range regexp.MustCompile(`font-size:\s*(\d+)px`).FindAllStringSubmatch(html, -1) {
		if size, err := strconv.Atoi(found[1]); err != nil || size < 16 {
			t.Errorf("text of %s px is too small to read", found[1])
		}
	}
	for _, wanted := range []string{
		`<html lang="en"`, `name="viewport"`, `name="color-scheme" content="light dark"`, "prefers-color-scheme: dark",
		"max-width:600px", "padding:14px 32px; font-size:18px; line-height:24px",
	} {
		if !strings.Contains(html, wanted) {
			t.Errorf("the HTML lacks %q", wanted)
		}
	}
	if strings.Contains(html, "<img") || strings.Contains(html, "<script") || strings.Contains(html, "<link") {
		t.Error("the HTML loads something")
	}
}

func TestBY8_RetryIsTheSameMessageButForItsDate(t *testing.T) {
	d := testDelivery()
	first, err := Render(d, Sender{From: testFrom, Date: testDate})
	if err != nil {
		t.Fatal(err)
	}
	d.Attempt, d.Deadline, d.ID = 7, d.Deadline.Add(time.Hour), "other"
	again, err := Render(d, Sender{From: testFrom, Date: testDate.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first.Raw, again.Raw) {
		t.Error("the Date header does not follow the clock")
	}
	date := regexp.MustCompile(`(?m)^Date: .*$`)
	if diff := cmp.Diff(date.ReplaceAllString(string(first.Raw), ""), date.ReplaceAllString(string(again.Raw), "")); diff != "" {
		t.Errorf("a retry is another message (-first +again):\n%s", diff)
	}
}

func TestRender_Headers(t *testing.T) {
	d := testDelivery()
	d.Mail.From = "hello@sunrise.example"
	m, err := Render(d, Sender{From: testFrom, Date: testDate})
	if err != nil {
		t.Fatal(err)
	}
	if m.From != d.Mail.From || m.To != d.Address {
		t.Errorf("envelope from %q to %q", m.From, m.To)
	}
	got := render(t, d).Header
	delete(got, "Content-Type")
	want := mail.Header{
		"Auto-Submitted":           {"auto-generated"},
		"Content-Language":         {"en"},
		"Date":                     {"Fri, 21 Nov 2025 14:30:00 +0000"},
		"From":                     {`"Sunrise Clinic" <hello@sunrise.example>`},
		"Message-Id":               {"<3f2c9a.1@rollcall.example.com>"},
		"Mime-Version":             {"1.0"},
		"Reply-To":                 {"<office@sunrise.example>"},
		"Subject":                  {"Sunrise Clinic invites you to join"},
		"To":                       {"<ada.lovelace@example.org>"},
		"X-Auto-Response-Suppress": {"All"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestRender_Unusable(t *testing.T) {
	for name, c := range map[string]struct {
		reason string
		change func(*directory.Delivery)
		want   directory.Kind
	}{
		"no address":       {"nobody to write to", func(d *directory.Delivery) { d.Address = "" }, directory.KindInvalid},
		"line end in it":   {"would be a header", func(d *directory.Delivery) { d.Address = "a@b.example\r\nBcc: c@d.example" }, directory.KindInvalid},
		"two addresses":    {"only one person was invited", func(d *directory.Delivery) { d.Address = "a@b.example, c@d.example" }, directory.KindInvalid},
		"name and address": {"an addr-spec only", func(d *directory.Delivery) { d.Address = "Ada <a@b.example>" }, directory.KindInvalid},
		"comment":          {"an addr-spec only", func(d *directory.Delivery) { d.Address = "a@b.example (x)" }, directory.KindInvalid},
		"bidi control":     {"looks like another address", func(d *directory.Delivery) { d.Address = "a\u202e@b.example" }, directory.KindInvalid},
		"bad domain":       {"cannot be an A-label", func(d *directory.Delivery) { d.Address = "a@-.example" }, directory.KindInvalid},
		"too long":         {"RFC 5321", func(d *directory.Delivery) { d.Address = strings.Repeat("a", 250) + "@b.example" }, directory.KindInvalid},
		"no link":          {"nothing to click", func(d *directory.Delivery) { d.Link = "" }, directory.KindInvalid},
		"script link":      {"only the web", func(d *directory.Delivery) { d.Link = "javascript://x/%0aalert(1)" }, directory.KindInvalid},
		"relative link":    {"leads nowhere", func(d *directory.Delivery) { d.Link = "/invitations/x" }, directory.KindInvalid},
		"no Message-ID":    {"duplicates could not be recognised", func(d *directory.Delivery) { d.MessageID = "" }, directory.KindInvalid},
		"hostile id":       {"would be a header", func(d *directory.Delivery) { d.MessageID = "a@b>\r\nX: y" }, directory.KindInvalid},
		"spaced id":        {"would be folded", func(d *directory.Delivery) { d.MessageID = "a b@c" }, directory.KindInvalid},
		"no end":           {"it must say until when", func(d *directory.Delivery) { d.ExpiresAt = time.Time{} }, directory.KindInvalid},
		"hostile sender":   {"a human must change it", func(d *directory.Delivery) { d.Mail.From = "a@b\nBcc: x@y.example" }, directory.KindDenied},
		"hostile reply-to": {"a human must change it", func(d *directory.Delivery) { d.Mail.ReplyTo = "x, y" }, directory.KindDenied},
		"odd sender":       {"legal, if odd", func(d *directory.Delivery) { d.Mail.From = "odd'one+1@b.example" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := testDelivery()
			c.change(&d)
			_, err := Render(d, Sender{From: testFrom, Date: testDate})
			if got := directory.KindOf(err); got != c.want {
				t.Errorf("kind %q, want %q because %s; error: %v", got, c.want, c.reason, err)
			}
			if err != nil && (strings.Contains(err.Error(), "@") || strings.Contains(err.Error(), "fQ0pZ3m9")) {
				t.Errorf("the error repeats an address or the link: %v", err)
			}
		})
	}
}

// rawHeader is what stands before the first empty line, field by field,
// without leniency.
func rawHeader(t *testing.T, raw []byte) []string {
	t.Helper()
	header, _, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		t.Fatal("no end of the header")
	}
	var fields []string
	for line := range strings.SplitSeq(string(header), "\r\n") {
		switch {
		case strings.ContainsAny(line, "\r\n\x00") || len(line) > 998:
			t.Errorf("line %q is not one of RFC 5322", line)
		case strings.HasPrefix(line, " "):
		default:
			name, _, found := strings.Cut(line, ": ")
			if !found && !strings.HasSuffix(line, ":") {
				t.Errorf("line %q is no field", line)
			}
			fields = append(fields, textproto.CanonicalMIMEHeaderKey(strings.TrimSuffix(name, ":")))
		}
	}
	slices.Sort(fields)
	return fields
}
