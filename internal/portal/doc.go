// Package portal is the public web tier: the pages on which invited people
// arrive, accept or decline, choose a password or are led to where they sign in,
// sign in here, and see what they were given. Everything works without scripts, by keyboard, on a phone, in
// light and dark, and with a screen reader.
//
// # What it promises
//
//   - GET and HEAD change nothing. An invitation is accepted only by a
//     same-origin POST with a password that somebody typed or, where none is
//     chosen, a box that somebody ticked; it is declined only by a same-origin
//     POST with such a box. A mail scanner that
//     follows links or runs scripts does neither.
//   - A link that is unknown, used, expired, revoked or declined is answered
//     with the same status, the same headers, the same elements and the same
//     work. The words differ, but only for whoever holds the 32 bytes of a link
//     that was once good: they may know what became of it. The address and the
//     personal message are shown on a pending invitation only.
//   - No answer tells whether an address has an account. The sign-in page does
//     not tell whether an organization exists either: the list of tenants of a
//     portal is nobody's business, so the page looks and fails alike for every
//     name that could be one, and shows an organization's display name only
//     after sign-in.
//   - Where an organization's people sign in elsewhere, nobody is asked for a
//     password, none that is sent is looked at, and no session is started. People
//     are led to the URL that is recorded for the organization, and nowhere else:
//     over https, or to a loopback host; by a link that shows its host, never by a
//     redirect. Its sign-in page here leads there too, for everybody alike. That
//     tells that the organization exists, and where its public sign-in is; of an
//     address it tells nothing.
//   - The page of a shareable link answers alike for every address that could
//     join: it records the wish, and somebody else decides whether a mail is
//     sent. Only a domain that is not allowed is told, which says nothing about
//     anybody.
//   - Links, redirects, the cookie's scope, the host check and the same-origin
//     check come from [Options.BaseURL]; the Host and Forwarded headers of a
//     request decide nothing. Another host is answered with 421.
//   - Requests are limited per client (IPv6 by /64) and per invitation, sign-in
//     also per address that is tried, in bounded memory; 429 says when to come
//     back. X-Forwarded-For counts only as far as it was written by
//     [Options.TrustedProxies].
//   - No token, link, password, session, name or address reaches a log, an
//     error or a metric: requests are told apart by their route's pattern.
//
// # The same-origin check
//
// Every page carries Referrer-Policy: no-referrer, so that a link's token stays
// where it is. The Fetch standard then makes browsers send "Origin: null" with
// a form, so Origin alone cannot tell; Sec-Fetch-Site does, in every browser
// since March 2023. A POST is taken when Sec-Fetch-Site says same-origin and
// Origin, if it is there and not null, agrees; or, without Sec-Fetch-Site, when
// Origin is the portal's. Anything else, the absence of both included, is
// refused with a page that says what to do. [net/http.CrossOriginProtection]
// compares Origin with the Host header and lets requests with neither header
// pass, which is why it is not used.
//
// # Cookies
//
// The one cookie is the session: __Host-rollcall_session (Secure, HttpOnly,
// SameSite=Lax, Path=/, for as long as the browser is open). A browser takes no
// Secure cookie over plain http, so a portal whose BaseURL is http, which is
// allowed on a loopback host for development only, names it
// rollcall_session_insecure.
//
// # What it does not promise
//
// It keeps nothing: invitations, accounts and sessions belong to [Invitations],
// [Accounts] and [Elsewhere], which also see to the time that an answer of
// theirs takes. Its limits are counted per process. It does not terminate TLS.
package portal
