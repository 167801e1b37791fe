package portal

import (
	"errors"
	"mime"
	"net/http"
)

const (
	// bodyMax is the most bytes that a form may have.
	bodyMax = 16 << 10
	// fieldsMax is the most fields that a form may have; the largest of ours has four.
	fieldsMax = 8
)

// form is what was sent, each field once.
type form map[string]string

// problem is something about a form that the person who filled it in can mend.
type problem struct {
	// Field is the id and name of the input that it is about.
	Field string
	// Message is one or two sentences that say what to do.
	Message string
}

type problems []problem

// For returns what is wrong with a field, or "".
func (ps problems) For(field string) string {
	for _, problem := range ps {
		if problem.Field == field {
			return problem.Message
		}
	}
	return ""
}

// with adds a problem when there is a message.
func (ps problems) with(field, message string) problems {
	if message == "" {
		return ps
	}
	return append(ps, problem{Field: field, Message: message})
}

// submitted reads a form that one of our pages sent. When it returns false, the
// refusal has been written.
func (p *portal) submitted(w http.ResponseWriter, r *http.Request) (form, bool) {
	if !p.base.sameOrigin(r.Header) {
		p.showNotice(w, r, foreignForm())
		return nil, false
	}
	if wait := p.limits.submissions.take(p.proxies.client(r)); wait > 0 {
		p.showTooMany(w, r, wait)
		return nil, false
	}
	fields, err := readForm(w, r)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		p.showNotice(w, r, formTooLarge())
		return nil, false
	}
	if err != nil {
		p.showNotice(w, r, unreadableForm())
		return nil, false
	}
	return fields, true
}

func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errors.New("not a form")
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	if len(r.PostForm) > fieldsMax {
		return nil, errors.New("too many fields")
	}
	fields := make(form, len(r.PostForm))
	for name, values := range r.PostForm {
		if len(values) != 1 {
			return nil, errors.New("a field was sent more than once")
		}
		fields[name] = values[0]
	}
	return fields, nil
}
