package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// tokenMargin is how long before its end a token is not used any more.
	tokenMargin = 30 * time.Second
	// tokenAge is how long a token is used that does not say how long it lives.
	tokenAge = 5 * time.Minute
	// tokenRetry is how long a failure to get a token is remembered.
	tokenRetry = 30 * time.Second
)

func (t ClientCredentials) bind(b binding) (credentials, error) {
	target, err := parseTokenURL(t.TokenURL)
	if err != nil {
		return nil, err
	}
	if t.ClientID == "" || t.ClientSecret == "" {
		return nil, errors.New("the client id or the client secret is missing")
	}
	options := b.options.TLS
	if !sameHost(target, b.base) {
		options.Certificate, options.Key = nil, nil
	}
	client, err := newHTTPClient(options, target, 1)
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	config := &clientcredentials.Config{
		ClientID: t.ClientID, ClientSecret: t.ClientSecret, TokenURL: t.TokenURL, Scopes: t.Scopes,
	}
	if t.Audience != "" {
		config.EndpointParams = url.Values{"audience": {t.Audience}}
	}
	if t.InParameters {
		config.AuthStyle = oauth2.AuthStyleInParams
	}
	return &tokens{config: config, http: client, binding: b, turn: make(chan struct{}, 1)}, nil
}

// parseTokenURL allows a query, which some authorization servers need.
func parseTokenURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the token url is not a url")
	}
	plain := *u
	plain.RawQuery, plain.ForceQuery = "", false
	return parseBase("token url", plain.String())
}

// tokens are credentials that are fetched.
type tokens struct {
	config  *clientcredentials.Config
	http    *http.Client
	binding binding
	turn    chan struct{} // held by the one that fetches

	mu      sync.Mutex
	current string    // value of the header; empty for none
	until   time.Time // when current is not used any more
	failed  error     // the last failure
	retryAt time.Time // when it is forgotten
	renewed time.Time // when a token was thrown away last
}

func (t *tokens) header(ctx context.Context, op string) (string, error) {
	if value, done, err := t.known(op); done {
		return value, err
	}
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return "", interrupted(ctx, op)
	}
	defer func() { <-t.turn }()
	// Somebody may have fetched it while we waited for our turn.
	if value, done, err := t.known(op); done {
		return value, err
	}
	return t.fetch(ctx, op)
}

// renew throws the token away that was refused. It does so once in a while, so
// that a service provider that refuses every token does not make each call fetch one.
func (t *tokens) renew(refused string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != refused {
		return true // somebody else has
	}
	now := t.binding.options.Clock.Now()
	if !t.renewed.IsZero() && now.Before(t.renewed.Add(tokenRetry)) {
		return false
	}
	t.current, t.renewed = "", now
	return true
}

func (t *tokens) close() { t.http.CloseIdleConnections() }

// known returns the token or the failure that is remembered; false for neither.
func (t *tokens) known(op string) (string, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.binding.options.Clock.Now()
	if t.current != "" && now.Before(t.until) {
		return t.current, true, nil
	}
	if t.failed == nil || !now.Before(t.retryAt) {
		return "", false, nil
	}
	return "", true, &directory.Error{
		Kind: directory.KindOf(t.failed), Op: op, RetryAfter: t.retryAt.Sub(now), Err: errors.Unwrap(t.failed),
	}
}

// fetch asks for a token and remembers it, or the failure.
func (t *tokens) fetch(ctx context.Context, op string) (string, error) {
	options := t.binding.options
	limited, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, t.http), options.Timeout)
	defer cancel()
	begun := options.Clock.Now()
	token, err := t.config.Token(limited)
	t.binding.observe(call{method: http.MethodPost, resource: ResourceToken}, tokenStatus(err), begun)
	now := options.Clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		failure := tokenFailure(ctx, op, err, now, options.MaxRetryAfter)
		if ctx.Err() == nil {
			t.failed, t.retryAt = failure, now.Add(max(tokenRetry, directory.RetryAfter(failure)))
		}
		return "", failure
	}
	t.failed, t.current, t.until = nil, "Bearer "+token.AccessToken, now.Add(lifetime(token))
	return t.current, nil
}

// lifetime returns how long a token is used: until shortly before its end, or
// for half of its life when that is short.
func lifetime(token *oauth2.Token) time.Duration {
	var seconds float64
	switch told := token.Extra("expires_in").(type) {
	case float64:
		seconds = told
	case int64:
		seconds = float64(told)
	case json.Number:
		seconds, _ = told.Float64()
	case string:
		seconds, _ = strconv.ParseFloat(told, 64)
	}
	if !(seconds > 0) {
		return tokenAge
	}
	life := time.Duration(math.Min(seconds, (24*time.Hour).Seconds()) * float64(time.Second))
	return max(life-tokenMargin, life/2)
}

// tokenFailure classifies. The cause is left out: it repeats the body.
func tokenFailure(ctx context.Context, op string, err error, now time.Time, limit time.Duration) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || refused.Response == nil {
		if ok || !isA[*url.Error](err) {
			return directory.Errorf(directory.KindUnavailable, op, "the token endpoint answered without a token")
		}
		return unreachable(ctx, op+": fetch token", err)
	}
	kind := directory.KindCredentials
	switch status := refused.Response.StatusCode; {
	case status == http.StatusTooManyRequests:
		kind = directory.KindRateLimited
	case status >= 500 || status < 400 || status == http.StatusRequestTimeout || status == http.StatusNotFound:
		kind = directory.KindUnavailable
	}
	return &directory.Error{
		Kind: kind, Op: op, RetryAfter: retryAfter(refused.Response.Header, now, limit),
		Err: fmt.Errorf("the token endpoint answered %d %s", refused.Response.StatusCode, plain(refused.ErrorCode)),
	}
}

func tokenStatus(err error) string {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil {
		return strconv.Itoa(refused.Response.StatusCode/100) + "xx"
	}
	if err != nil {
		return "error"
	}
	return "2xx"
}
