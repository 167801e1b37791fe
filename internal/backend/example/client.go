package example

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 4 << 20

// answer is what the service is expected to say.
type answer interface {
	// whole reports whether it says what it must: any JSON can be read into any
	// answer.
	whole() bool
}

// exchange is a request and what is expected of its answer.
type exchange struct {
	// op says what is being done, for errors.
	op string
	// method and path are those of the request.
	method, path string
	// version is the one of what is to be changed, as it was read; empty for any.
	version string
	// body is sent as JSON; nil for none.
	body any
	// answer is filled in; nil when there is to be none.
	answer answer
}

// call makes a request, and returns an error of the kind that its answer means.
// Whatever is not understood is KindUnavailable: nothing follows from it.
func (b *Backend) call(ctx context.Context, e exchange) error {
	content, err := json.Marshal(e.body)
	if err != nil {
		return directory.Errorf(directory.KindInternal, e.op, "write the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, e.method, b.url+e.path, bytes.NewReader(content))
	if err != nil {
		return directory.Errorf(directory.KindInternal, e.op, "make the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+b.token)
	request.Header.Set("Content-Type", "application/json")
	if e.version != "" {
		request.Header.Set("If-Match", e.version)
	}
	response, err := b.http.Do(request)
	if err != nil {
		return unheard(ctx, e.op)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return unheard(ctx, e.op)
	}
	return e.understand(response, text)
}

// unheard keeps the cause to itself: it holds the URL, and that an address.
func unheard(ctx context.Context, op string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return directory.Errorf(directory.KindUnavailable, op, "the service does not answer")
}

// understand reads a successful answer, and says what another one means.
func (e exchange) understand(r *http.Response, text []byte) error {
	switch {
	case r.StatusCode == http.StatusNoContent && e.answer == nil:
		return nil
	case r.StatusCode/100 == 2:
		if e.answer != nil && json.Unmarshal(text, e.answer) == nil && e.answer.whole() {
			return nil
		}
		return directory.Errorf(directory.KindUnavailable, e.op, "the service's answer makes no sense")
	}
	kind := directory.KindUnavailable
	switch r.StatusCode {
	case http.StatusUnauthorized:
		kind = directory.KindCredentials
	case http.StatusForbidden:
		kind = directory.KindDenied
	case http.StatusConflict, http.StatusPreconditionFailed:
		kind = directory.KindConflict
	case http.StatusTooManyRequests:
		kind = directory.KindRateLimited
	}
	var why refusal
	if json.Unmarshal(text, &why) == nil && why.Error != "" {
		kind = why.kind(kind)
	}
	seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
	return &directory.Error{
		Kind: kind, Op: e.op, RetryAfter: time.Duration(seconds) * time.Second,
		Err: fmt.Errorf("the service answers with status %d", r.StatusCode),
	}
}

// refusal is what the service says when it refuses. Something in between may
// answer with the same status; it does not say the same.
type refusal struct {
	Error string `json:"error"`
}

// kind is what the refusal means, where it means more than its status.
func (r refusal) kind(status directory.Kind) directory.Kind {
	switch r.Error {
	case "not found":
		return directory.KindNotFound
	case "email taken":
		return directory.KindExists
	case "no seat left":
		return directory.KindQuotaExceeded
	case "not storable":
		return directory.KindInvalid
	default:
		return status
	}
}
