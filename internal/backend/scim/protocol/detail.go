package protocol

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDetail bounds what is repeated of a service provider's words, in bytes.
const maxDetail = 200

// failureBody is what is read of the body of an answer that is not a success.
type failureBody struct {
	scimType string
	detail   string // raw
	scim     bool   // has the form of RFC 7644 section 3.12, or that of SCIM 1.1
}

// parseFailure reads an error as RFC 7644 section 3.12 writes it, and as SCIM
// 1.1 did, which some service providers still do: {"Errors":[{"description":…}]}.
// Anything else is an empty failureBody.
func parseFailure(data []byte) failureBody {
	v, err := ParseValue(data)
	if err != nil || !v.IsObject() {
		return failureBody{}
	}
	var body failureBody
	body.scimType, _ = v.Get("scimType").Text()
	detail := v.Get("detail")
	if old := v.Get("Errors").Elements(); len(old) > 0 && !detail.IsSet() {
		detail = old[0].Get("description")
	}
	body.detail, _ = detail.Text()
	body.scim = body.scimType != "" || detail.IsSet() || slices.ContainsFunc(v.Get("schemas").Elements(), isErrorMessage)
	return body
}

func isErrorMessage(v Value) bool {
	text, _ := v.Text()
	return strings.HasSuffix(strings.ToLower(text), ":error")
}

// saysQuota reports whether a write was refused because a bought amount is used
// up. There is no status for it in RFC 7644: WSO2 answers 403 with scimType
// userLimitReached, others 400, 403 or 409 with words such as "no licenses
// available" or "seat limit exceeded". It takes both a thing that is bought and
// a word for its end, so that "license is invalid" is not one.
func (b failureBody) saysQuota(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity:
	default:
		return false
	}
	text := strings.ToLower(b.scimType + " " + b.detail)
	return containsAny(text, "license", "licence", "seat", "quota", "userlimit", "user limit", "subscription", "maximum number of users") &&
		containsAny(text, "limit", "exceed", "reached", "exhaust", "no available", "not available", "no more", "no license", "no licence",
			"no seat", "not enough", "insufficient", "maximum", "used up", "run out")
}

func containsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// plain makes words from outside fit for a status: one line, at most 200 bytes,
// no control characters, nothing that looks like an address, and nothing that
// looks like an identifier, of a person or of the request, which would make the
// message another one every time.
func plain(text string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
	for i, word := range words {
		if private(word) {
			words[i] = "…"
		}
	}
	joined := strings.Join(slices.CompactFunc(words, func(a, b string) bool { return a == "…" && b == "…" }), " ")
	if len(joined) <= maxDetail {
		return joined
	}
	cut := maxDetail - len("…")
	for !utf8.RuneStart(joined[cut]) {
		cut--
	}
	return joined[:cut] + "…"
}

// private reports whether a word may be an address or an identifier.
func private(word string) bool {
	if strings.ContainsAny(word, "@＠﹫") || strings.Contains(strings.ToLower(word), "%40") {
		return true
	}
	digits := 0
	for _, r := range word {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	// The URI of a schema is long and has a version.
	uri := strings.HasPrefix(strings.Trim(word, `"'.,:;()[]{}<>`), "urn:ietf:params:scim:")
	return digits >= 5 || digits > 0 && len(word) >= 20 && !uri
}
