package scimserver

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
)

// tokenPath is not below the base, as with most providers.
const tokenPath = "/oauth/token"

// authorized says whether a request has the bearer token, or one of OAuth's that
// is still good. The certificate of a client was looked at by TLS.
func (s *Server) authorized(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == "" && s.options.OAuth == nil {
		return true
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false
	}
	if end, ok := s.issued[given]; ok {
		return s.options.Clock.Now().Before(end)
	}
	return s.token != "" && same(given, s.token)
}

func same(given, wanted string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(wanted)) == 1
}

// issueToken is RFC 6749 section 4.4.
func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) {
	o := s.options.OAuth
	if r.Method != http.MethodPost || r.PostFormValue("grant_type") != "client_credentials" {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != o.ClientID || !same(secret, o.ClientSecret) {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	if o.Scope != "" && r.PostFormValue("scope") != o.Scope {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_scope"})
		return
	}
	token := rand.Text()
	s.mu.Lock()
	s.issued[token] = s.options.Clock.Now().Add(o.Lifetime)
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(o.Lifetime.Seconds()),
	})
}

// TokensAlive is how many OAuth tokens were issued and not revoked.
func (s *Server) TokensAlive() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.issued)
}
