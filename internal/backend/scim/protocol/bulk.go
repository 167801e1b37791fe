package protocol

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const opBulk = "change resources in bulk"

// bulkJob is a change that may be sent in bulk.
type bulkJob struct {
	call
	// bulkID names it within the request. Nobody guesses it: whoever repeats it means
	// this change, and whoever numbers what they tell of means none.
	bulkID string
	// limit is what one request takes; size is what this change takes of it.
	limit BulkFeature
	size  int64
}

// bulkOperation is a change as it is sent (RFC 7644 section 3.7).
type bulkOperation struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	BulkID string          `json:"bulkId"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// bulkMessage is a request in bulk. Without failOnErrors every operation is tried.
type bulkMessage struct {
	Schemas    []string        `json:"schemas"`
	Operations []bulkOperation `json:"Operations"`
}

// write makes a change: at once where a request may begin, else in bulk with those
// that wait as well, where the service provider offers that. The answer is that of
// a single request.
//
// A PUT goes alone: it is to arrive as soon as possible after the read that it goes
// by. So does a change of one version: nobody says that they heed versions in bulk,
// and an update that is lost is worse than a request.
func (c *Client) write(ctx context.Context, q call) (answer, error) {
	f, err := c.Features(ctx)
	if err != nil {
		return answer{}, err
	}
	if !f.Bulk.Supported || q.method == http.MethodPut || q.version != "" || !c.learned.bulks(c.options.Clock.Now(), q.result) {
		return c.do(ctx, q)
	}
	job := bulkJob{call: q, bulkID: rand.Text(), limit: f.Bulk, size: int64(len(q.body) + len(q.path) + bulkFrame)}
	a, err := c.bulk.do(ctx, "", cmp.Or(c.options.Overrides.BulkMinOperations, 2), job)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return answer{}, interrupted(ctx, q.op)
	}
	return a, withOp(q.op, err)
}

// bulkFrame is at most what the names around an operation take, and around all of them.
const bulkFrame = 128

// fitsBulk keeps to the limits of one request. Changes of one resource are never in
// one: what is told of them by its location would be told of both.
func (c *Client) fitsBulk(going []bulkJob, next bulkJob) bool {
	size := bulkFrame + next.size
	for _, j := range going {
		size += j.size
		if j.path == next.path && !j.collection {
			return false
		}
	}
	return len(going) < c.learned.bulkMax(next.limit.MaxOperations) && size <= next.limit.MaxPayload
}

// bulkTurn waits until a request may begin. Nobody waits for a token at the gate.
func (c *Client) bulkTurn(ctx context.Context) (*pass, error) {
	if _, err := c.credentials.header(ctx, opBulk); err != nil {
		return nil, err
	}
	return c.gate.obtain(ctx, opBulk)
}

func (c *Client) doAlone(ctx context.Context, j bulkJob, p *pass) (answer, error) {
	j.pass = p
	return c.do(ctx, j.call)
}

// doTogether sends changes in bulk, once. What the service provider has refused to
// do in bulk is done alone, by those callers who are still there; of what has an
// unknown outcome nothing is done again.
func (c *Client) doTogether(ctx context.Context, jobs []bulkJob, p *pass, tell func(int, verdict[answer])) {
	body, err := bulkBody(jobs)
	if err != nil || !c.learned.bulks(c.options.Clock.Now(), false) {
		tellAll(jobs, tell, doneAlone)
		return
	}
	begun := c.options.Clock.Now()
	a, err := c.sendBulk(ctx, call{op: opBulk, method: http.MethodPost, resource: ResourceBulk, path: "/Bulk", body: body, collection: true, pass: p})
	if err == nil {
		c.learned.bulkTook(len(jobs), c.options.Clock.Since(begun), c.options.Timeout)
		c.tellVerdicts(ctx, jobs, a, tell)
		return
	}
	if c.refusedWhole(len(jobs), err) {
		tellAll(jobs, tell, doneAlone)
		return
	}
	if directory.IsKind(err, directory.KindUnavailable) && !abandonedBy(ctx) {
		c.doubtBulk()
	}
	if isTimeout(err) {
		c.learned.bulkSlow(len(jobs))
	}
	tellAll(jobs, tell, func(bulkJob) verdict[answer] { return verdict[answer]{err: err} })
}

// sendBulk makes the request once. Whoever gives up is not to be in one that is made
// again with other credentials or another media type: alone everybody sees to that.
func (c *Client) sendBulk(ctx context.Context, q call) (answer, error) {
	authorization, err := c.credentials.header(ctx, q.op)
	if err != nil {
		return answer{}, err
	}
	q.media = c.learned.media()
	return c.attempt(ctx, q, authorization)
}

// doubtBulk is for a request in bulk of which nobody knows what became of it: it
// may be the way to the service provider, or its /Bulk, which is left alone for a
// while. The changes are made one by one then.
func (c *Client) doubtBulk() { c.pauseBulk(c.options.FeaturesAge / 10) }

func (c *Client) pauseBulk(d time.Duration) { c.learned.pauseBulk(c.options.Clock.Now().Add(d)) }

// refusedWhole reports whether nothing of n changes was done because of what the
// request is, and learns from it. What is refused so is never about one of them,
// and may have been said by anybody on the way: the changes are made one by one.
func (c *Client) refusedWhole(n int, err error) bool {
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		return false
	}
	switch {
	case refused.status == http.StatusTooManyRequests:
		return false
	case refused.status == http.StatusUnauthorized:
	case refused.status == http.StatusRequestEntityTooLarge:
		c.learned.bulkAtMost((n + 1) / 2)
	case refused.status == http.StatusUnsupportedMediaType:
		c.doubtBulk()
	case refused.status/100 == 4, refused.status == http.StatusNotImplemented, refused.status == http.StatusInsufficientStorage:
		c.pauseBulk(c.options.FeaturesAge)
	default:
		return false
	}
	return true
}

func bulkBody(jobs []bulkJob) ([]byte, error) {
	m := bulkMessage{Schemas: []string{bulkRequest}, Operations: make([]bulkOperation, len(jobs))}
	for i, j := range jobs {
		m.Operations[i] = bulkOperation{Method: j.method, Path: j.path, BulkID: j.bulkID, Data: j.body}
	}
	return json.Marshal(m)
}

// tellVerdicts tells what became of the changes. Those of which more is to be read
// hold up nobody else.
func (c *Client) tellVerdicts(ctx context.Context, jobs []bulkJob, a answer, tell func(int, verdict[answer])) {
	told, err := decodeObject(opBulk, a)
	if err != nil || !told.Get("Operations").IsList() {
		c.doubtBulk()
		tellAll(jobs, tell, func(j bulkJob) verdict[answer] { return verdict[answer]{err: unsaid(j.op)} })
		return
	}
	unread := map[int]answer{}
	for i, j := range jobs {
		v := c.verdictOn(j, toldOf(told.Get("Operations").Elements(), j))
		if j.result && !v.alone && v.err == nil && v.result.body == nil {
			unread[i] = v.result
			continue
		}
		tell(i, v)
	}
	c.readBack(ctx, jobs, unread)
	for i, read := range unread {
		tell(i, verdict[answer]{result: read})
	}
}

// toldOf returns what was told of a change: the one thing with its bulkId, or the
// one without any that has its location (scimmy repeats a bulkId for POST only). It
// goes by nothing else, such as the place among the others, and what contradicts
// itself tells nothing.
func toldOf(told []Value, j bulkJob) Value {
	var found []Value
	for _, v := range told {
		bulkID, _ := v.Get("bulkId").Text()
		named := bulkID != ""
		location, _ := v.Get("location").Text()
		located := locatedID(location, j.endpoint())
		switch {
		case named && bulkID != j.bulkID, !named && (j.id == "" || located != j.id):
			continue
		case j.id != "" && located != "" && !strings.EqualFold(located, j.id):
			return Value{}
		}
		if method, ok := v.Get("method").Text(); ok && !strings.EqualFold(method, j.method) {
			return Value{}
		}
		found = append(found, v)
	}
	if len(found) != 1 {
		return Value{}
	}
	return found[0]
}

// endpoint is the path without the id.
func (q call) endpoint() string {
	if q.collection {
		return q.path
	}
	return q.path[:strings.LastIndex(q.path, "/")]
}

// verdictOn makes of what was told of a change the answer to a single request.
func (c *Client) verdictOn(j bulkJob, told Value) verdict[answer] {
	status := statusOf(told)
	if status == 0 {
		c.doubtBulk()
		return verdict[answer]{err: unsaid(j.op)}
	}
	a := answer{status: status, header: http.Header{}}
	response := told.Get("response")
	if status/100 != 2 {
		// An object without anything in it is no reason.
		if len(response.Names()) > 0 {
			a.body, _ = response.MarshalJSON()
		}
		return c.refusedInBulk(j, a)
	}
	if _, there := newResource(j.resource, response); there && j.result {
		a.body, _ = response.MarshalJSON()
	}
	if version, ok := told.Get("version").Text(); ok && a.body != nil {
		a.header.Set("ETag", version)
	}
	if location, ok := told.Get("location").Text(); ok {
		a.header.Set("Location", location)
	}
	return verdict[answer]{result: a}
}

// statusOf is the status that was told of an operation; 0 when none was.
func statusOf(told Value) int {
	status, ok := told.Get("status").Int()
	if !ok {
		// SCIM 1.1 and a draft wrote {"status":{"code":"201"}}.
		status, ok = told.Get("status").Get("code").Int()
	}
	if !ok || status < 100 || status > 599 {
		return 0
	}
	return int(status)
}

func (c *Client) refusedInBulk(j bulkJob, a answer) verdict[answer] {
	if a.body == nil && a.status/100 == 4 && a.status != http.StatusTooManyRequests {
		// Asked alone it says why, and nothing was done.
		return verdict[answer]{alone: true}
	}
	wait, err := c.refused(j.call, a)
	if wait > 0 {
		c.gate.pause(wait)
	}
	return verdict[answer]{result: a, err: err}
}

func unsaid(op string) error {
	return directory.Errorf(directory.KindUnavailable, op, "the service provider said nothing about this change, which was sent in bulk")
}

// withOp is the error of a request for several changes as that of one of them.
func withOp(op string, err error) error {
	e, ok := errors.AsType[*directory.Error](err)
	if !ok {
		return err
	}
	own := *e
	own.Op = cmp.Or(op, e.Op)
	return &own
}

func doneAlone(bulkJob) verdict[answer] { return verdict[answer]{alone: true} }

// tellAll tells of each job what follows from it.
func tellAll[J, R any](jobs []J, tell func(int, verdict[R]), of func(J) verdict[R]) {
	for i, j := range jobs {
		tell(i, of(j))
	}
}
