package invitebatch

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
)

// sourceFrom is what an entry says that stands in a ConfigMap or Secret.
const sourceFrom = "emailsFrom"

// refusedOfSecret is all that is told of a refused entry of a Secret: the status
// is for more eyes than the Secret, and must not quote it.
const refusedOfSecret = "is not an address such as ada@example.com"

// maxName is the limit of a User's spec.profile.displayName, in characters.
const maxName = 128

// entry is one item of a batch, and what is wrong with it.
type entry struct {
	source  string
	line    int
	name    string
	address string
	// refused is "" for an entry that leads to a User.
	refused v1alpha1.RefusalReason
	message string
}

// read lists the entries of all forms in their order, and marks those that are
// no addresses or stand there before.
func read(b *v1alpha1.InviteBatch, fromSource string) []entry {
	entries := make([]entry, 0, len(b.Spec.Emails))
	for i, text := range b.Spec.Emails {
		e := toEntry("emails", address.ParseEntry(text))
		e.line = i + 1
		entries = append(entries, e)
	}
	for _, parsed := range address.ParseList(b.Spec.EmailsText) {
		entries = append(entries, toEntry("emailsText", parsed))
	}
	for _, parsed := range address.ParseList(fromSource) {
		e := toEntry(sourceFrom, parsed)
		if e.refused != "" && b.Spec.EmailsFrom.SecretKeyRef != nil {
			e.message = refusedOfSecret
		}
		entries = append(entries, e)
	}
	markDuplicates(entries)
	return entries
}

func toEntry(source string, parsed address.Entry) entry {
	e := entry{source: source, line: parsed.Line, name: parsed.Name}
	if parsed.Err != nil {
		return e.refuse(v1alpha1.RefusedInvalid, parsed.Err.Error())
	}
	e.address = parsed.Address.String()
	switch {
	case utf8.RuneCountInString(e.name) > maxName:
		return e.refuse(v1alpha1.RefusedInvalid, fmt.Sprintf("the name before the address is longer than %d characters", maxName))
	case strings.ContainsFunc(e.name, unicode.IsControl):
		return e.refuse(v1alpha1.RefusedInvalid, "the name before the address holds a control character")
	}
	return e
}

func (e entry) refuse(reason v1alpha1.RefusalReason, message string) entry {
	e.refused, e.message = reason, message
	return e
}

func markDuplicates(entries []entry) {
	first := make(map[string]entry, len(entries))
	for i, e := range entries {
		if e.refused != "" {
			continue
		}
		if before, seen := first[e.address]; seen {
			entries[i] = e.refuse(v1alpha1.RefusedDuplicate, fmt.Sprintf("stands before, in %s line %d", before.source, before.line))
			continue
		}
		first[e.address] = e
	}
}
