package mail

import (
	"bytes"
	"embed"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

//go:embed templates
var templateFiles embed.FS

//nolint:gochecknoglobals // Parsed once and never changed: parsing takes longer than all the rest of a mail.
var (
	htmlTemplate = htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/invitation.html.tmpl"))
	textTemplate = texttemplate.Must(texttemplate.New("invitation.txt.tmpl").
			Funcs(texttemplate.FuncMap{"isolated": isolated}).
			ParseFS(templateFiles, "templates/invitation.txt.tmpl"))
)

// language is that of the templates. The html element and Content-Language
// name it rather than the invitee's locale, because a screen reader would
// pronounce the English text in the language named there.
const language = "en"

// content is what the templates show. Its strings are harmless as text; HTML
// is escaped by the template.
type content struct {
	Language string
	Subject  string
	occasion
	Organization string
	Name         string
	Address      string
	Roles        []string
	Units        []string
	Message      []string
	Link         string
	Until        string
}

func newContent(d directory.Delivery, to string) content {
	o := occasionOf(d)
	if d.Purpose == directory.PurposeJoinByLink {
		// It was entered by whoever has the link, who could say anything in our name.
		d.Details.DisplayName = ""
	}
	if d.Purpose == directory.PurposeConfirm {
		// Roles and message are about joining.
		d.Details.Roles, d.Details.Units, d.Details.Message = nil, nil, ""
	}
	return content{
		Language: language, Subject: subject(d), occasion: o,
		Organization: inert(oneLine(organizationName(d), maxName)),
		Name:         inert(oneLine(d.Details.DisplayName, maxName)),
		Address:      readable(to),
		Roles:        names(d.Details.Roles),
		Units:        names(d.Details.Units),
		Message:      inertLines(d.Details.Message),
		Link:         d.Link,
		Until:        until(d.ExpiresAt),
	}
}

// subject names the organization, as the heading of the mail does.
func subject(d directory.Delivery) string {
	o := occasionOf(d)
	return o.Prefix + o.Before + headerText(organizationName(d)) + o.After
}

// organizationName falls back to the organization's key, so that a mail never
// comes from nobody.
func organizationName(d directory.Delivery) string {
	if headerText(d.Details.OrganizationName) != "" {
		return d.Details.OrganizationName
	}
	_, name, _ := strings.Cut(string(d.Organization), "/")
	return name
}

// until is an absolute time: nobody can tell when a mail is read, or where.
func until(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006, 15:04 MST") }

func names(all []string) []string {
	var shown []string
	for _, name := range all {
		name = inert(oneLine(name, maxName))
		if name == "" {
			continue
		}
		if len(shown) == maxListed {
			return append(shown, "…")
		}
		shown = append(shown, name)
	}
	return shown
}

func inertLines(message string) []string {
	all := lines(message)
	for i, line := range all {
		all[i] = inert(line)
	}
	return all
}

// text and html are the two alternatives of the mail.
func (c content) text() ([]byte, error) {
	var b bytes.Buffer
	err := textTemplate.Execute(&b, c)
	return b.Bytes(), err
}

func (c content) html() ([]byte, error) {
	var b bytes.Buffer
	err := htmlTemplate.Execute(&b, c)
	return b.Bytes(), err
}
