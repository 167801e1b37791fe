package protocol

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxFailureBody bounds what is read of an answer that is not a success.
const maxFailureBody = 64 << 10

// call is one request of the protocol.
type call struct {
	// op says what is being done, for errors.
	op       string
	method   string
	resource ResourceKind
	// path is escaped and begins with a slash; it is below the base URL.
	path  string
	query url.Values
	body  []byte
	// media is the type of the body.
	media string
	// version becomes If-Match when it is not empty.
	version string
	// collection is true when the path names no single resource, so that a 404
	// is about the service provider.
	collection bool
	// result is true when the resource as it is afterwards is wanted, of a change;
	// id is which one, empty for one that is created.
	result bool
	id     string
	// pass is there when the gate was passed already.
	pass *pass
}

// answer is a success.
type answer struct {
	status int
	header http.Header
	body   []byte
	// listed is true when the body was read in a listing, and may lack attributes.
	listed bool
}

// errTooLarge is in the tree of an error about a body beyond the limit.
var errTooLarge = errors.New("the answer is larger than allowed")

// IsTooLarge reports whether an error is about an answer beyond [Options.MaxBody].
// It is of KindUnavailable.
func IsTooLarge(err error) bool { return errors.Is(err, errTooLarge) }

// do makes the request and returns its answer when that is a success. After a 415
// it is made once more with the other media type; the one that was taken is
// remembered. RFC 7644 section 3.1 wants application/scim+json to be taken.
func (c *Client) do(ctx context.Context, q call) (answer, error) {
	q.media = c.learned.media()
	a, err := c.doOnce(ctx, q)
	if a.status != http.StatusUnsupportedMediaType || q.body == nil {
		return a, err
	}
	q.media = otherMedia(q.media)
	a, err = c.doOnce(ctx, q)
	if err == nil {
		c.learned.takes(q.media)
	}
	return a, err
}

// doOnce makes the request. After a 401 it is made once more, when there may be
// newer credentials.
func (c *Client) doOnce(ctx context.Context, q call) (answer, error) {
	authorization, err := c.credentials.header(ctx, q.op)
	if err != nil {
		return answer{}, err
	}
	a, err := c.attempt(ctx, q, authorization)
	if directory.IsKind(err, directory.KindCredentials) && a.status == http.StatusUnauthorized && c.credentials.renew(authorization) {
		if authorization, err = c.credentials.header(ctx, q.op); err != nil {
			return answer{}, err
		}
		a, err = c.attempt(ctx, q, authorization)
	}
	return a, err
}

// attempt passes the gate, makes the request once and classifies the answer.
func (c *Client) attempt(ctx context.Context, q call, authorization string) (answer, error) {
	if !q.pass.use() {
		if err := c.gate.enter(ctx, q.op); err != nil {
			return answer{}, err
		}
	}
	answered, credentials := abandoned, abandoned
	defer func() { c.gate.leave(answered, credentials) }()
	a, err := c.send(ctx, q, authorization)
	switch {
	case err != nil && abandonedBy(ctx):
	case a.status == 0 || a.status >= 500 && a.status != http.StatusNotImplemented && a.status != http.StatusInsufficientStorage:
		answered = unreached
	case a.status == http.StatusUnauthorized:
		answered, credentials = reached, unreached
	default:
		answered, credentials = reached, reached
	}
	if err != nil || a.status/100 == 2 {
		return a, err
	}
	wait, err := c.refused(q, a)
	if wait > 0 {
		c.gate.pause(wait)
	}
	return a, err
}

// send makes the request and reads its answer. The status is 0 when there was none.
func (c *Client) send(ctx context.Context, q call, authorization string) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	request, err := c.newRequest(limited, q, authorization)
	if err != nil {
		return answer{}, err
	}
	begun := c.options.Clock.Now()
	response, err := c.http.Do(request)
	if err != nil {
		c.observe(q, "error", begun)
		return answer{}, unreachable(ctx, q.op, err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	a.body, err = c.readBody(q, response)
	if err != nil && !errors.Is(err, errTooLarge) {
		c.observe(q, "error", begun)
		return answer{}, unreachable(ctx, q.op, err)
	}
	c.observe(q, strconv.Itoa(a.status/100)+"xx", begun)
	return a, err
}

func (c *Client) newRequest(ctx context.Context, q call, authorization string) (*http.Request, error) {
	target := c.base.String() + q.path
	if len(q.query) > 0 {
		// A plus is a blank to some and a plus to others; %20 is a blank to all.
		target += "?" + strings.ReplaceAll(q.query.Encode(), "+", "%20")
	}
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	request, err := http.NewRequestWithContext(ctx, q.method, target, body)
	if err != nil || !within(c.base, request.URL) {
		// The cause would repeat the URL.
		return nil, directory.Errorf(directory.KindInvalid, q.op, "the request does not stay within the configured url")
	}
	request.Header.Set("Accept", "application/scim+json, application/json;q=0.9")
	request.Header.Set("User-Agent", c.options.UserAgent)
	if q.body != nil {
		request.Header.Set("Content-Type", q.media)
	}
	if q.version != "" {
		request.Header.Set("If-Match", q.version)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	return request, nil
}

// readBody reads the body up to the limit, which is counted after decompression.
func (c *Client) readBody(q call, response *http.Response) ([]byte, error) {
	if response.StatusCode/100 != 2 {
		return io.ReadAll(io.LimitReader(response.Body, maxFailureBody))
	}
	limit := c.options.MaxBody
	if response.ContentLength > limit {
		return q.beyond(response, limit)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		return q.beyond(response, limit)
	}
	return body, err
}

// beyond is what becomes of a body that is too large. That of a changed group is as
// large as the group, and nobody needs it: the status says that it was changed.
func (q call) beyond(response *http.Response, limit int64) ([]byte, error) {
	if q.method == http.MethodPatch && q.resource == Groups && mayBeJSON(response.Header.Get("Content-Type")) {
		return nil, nil
	}
	return nil, tooLarge(q.op, limit)
}

func tooLarge(op string, limit int64) error {
	return directory.Errorf(directory.KindUnavailable, op, "%w: the limit is %d bytes", errTooLarge, limit)
}
