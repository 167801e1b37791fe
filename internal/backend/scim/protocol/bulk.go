package protocol

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const opBulk = "change resources in bulk"

// bulkJob is a change that may be sent in bulk.
type bulkJob struct {
	call
	// limit is what one request takes; size is what this change takes of it.
	limit BulkFeature
	size  int64
}

// bulkOperation is a change as it is sent (RFC 7644 section 3.7).
type bulkOperation struct {
	Method  string          `json:"method"`
	Path    string          `json:"path"`
	BulkID  string          `json:"bulkId"`
	Version string          `json:"version,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// bulkMessage is a request in bulk. Without failOnErrors every operation is tried.
type bulkMessage struct {
	Schemas    []string        `json:"schemas"`
	Operations []bulkOperation `json:"Operations"`
}

// write makes a change, in bulk with those that others ask for meanwhile where the
// service provider offers that. The answer is that of a single request. A PUT goes
// alone: it is to arrive as soon as possible after the read that it goes by.
func (c *Client) write(ctx context.Context, q call) (answer, error) {
	f, err := c.Features(ctx)
	if err != nil {
		return answer{}, err
	}
	if !f.Bulk.Supported || q.method == http.MethodPut || !c.learned.bulks(c.options.Clock.Now(), q.result) {
		return c.do(ctx, q)
	}
	job := bulkJob{call: q, limit: f.Bulk, size: int64(len(q.body) + len(q.path) + len(q.version) + bulkFrame)}
	a, err := c.bulk.do(ctx, "", cmp.Or(c.options.Overrides.BulkMinOperations, 2), job)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return answer{}, interrupted(ctx, q.op)
	}
	return a, err
}

// bulkFrame is at most what the names around an operation take, and around all of them.
const bulkFrame = 128

// fitsBulk keeps to the limits of one request. Changes of one resource keep their
// order by going one after the other.
func fitsBulk(going []bulkJob, next bulkJob) bool {
	size := bulkFrame + next.size
	for _, j := range going {
		size += j.size
		if j.path == next.path && !j.collection {
			return false
		}
	}
	return len(going) < next.limit.MaxOperations && size <= next.limit.MaxPayload
}

func (c *Client) doAlone(ctx context.Context, j bulkJob) (answer, error) { return c.do(ctx, j.call) }

// doTogether sends changes in bulk. What the service provider has refused to do
// in bulk is done alone; of what has an unknown outcome nothing is done again.
func (c *Client) doTogether(ctx context.Context, jobs []bulkJob) []verdict[answer] {
	body, err := bulkBody(jobs)
	if err != nil || !c.learned.bulks(c.options.Clock.Now(), false) {
		return sameVerdict(jobs, doneAlone)
	}
	a, err := c.do(ctx, call{op: opBulk, method: http.MethodPost, resource: ResourceBulk, path: "/Bulk", body: body, collection: true})
	switch {
	case err == nil:
	case isStatus(err, http.StatusRequestEntityTooLarge):
		half := (len(jobs) + 1) / 2
		c.learned.bulkAtMost(half)
		if len(jobs) == 1 {
			return sameVerdict(jobs, doneAlone)
		}
		return slices.Concat(c.doTogether(ctx, jobs[:half]), c.doTogether(ctx, jobs[half:]))
	case refusesBulk(err):
		c.learned.pauseBulk(c.options.Clock.Now().Add(c.options.FeaturesAge))
		return sameVerdict(jobs, doneAlone)
	default:
		if directory.IsKind(err, directory.KindUnavailable) && !abandonedBy(ctx) {
			c.doubtBulk()
		}
		return sameVerdict(jobs, func(j bulkJob) verdict[answer] { return verdict[answer]{err: withOp(j.op, err)} })
	}
	told, err := decodeObject(opBulk, a)
	if err != nil || !told.Get("Operations").IsList() {
		c.doubtBulk()
		return sameVerdict(jobs, func(j bulkJob) verdict[answer] { return verdict[answer]{err: unsaid(j.op)} })
	}
	return c.verdicts(ctx, jobs, told.Get("Operations").Elements())
}

// doubtBulk is for a request in bulk of which nobody knows what became of it: it
// may be the way to the service provider, or its /Bulk, which is left alone for a
// while. The changes are made one by one then.
func (c *Client) doubtBulk() {
	c.learned.pauseBulk(c.options.Clock.Now().Add(c.options.FeaturesAge / 10))
}

// refusesBulk reports whether nothing was done, and will not be: there is no
// /Bulk, it takes nothing of this kind, or we may not use it. Beside the statuses
// of a route that there is not it takes a refusal that is SCIM.
func refusesBulk(err error) bool {
	if isStatus(err, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusUnsupportedMediaType) {
		return true
	}
	refused, ok := errors.AsType[*refusal](err)
	return ok && refused.scim && (refused.status == http.StatusBadRequest || refused.status == http.StatusForbidden ||
		refused.status == http.StatusUnprocessableEntity)
}

func bulkBody(jobs []bulkJob) ([]byte, error) {
	m := bulkMessage{Schemas: []string{bulkRequest}, Operations: make([]bulkOperation, len(jobs))}
	for i, j := range jobs {
		m.Operations[i] = bulkOperation{Method: j.method, Path: j.path, BulkID: strconv.Itoa(i), Version: j.version, Data: j.body}
	}
	return json.Marshal(m)
}

// verdicts are what became of the changes, by what was told of them.
func (c *Client) verdicts(ctx context.Context, jobs []bulkJob, told []Value) []verdict[answer] {
	all := make([]verdict[answer], len(jobs))
	for i, j := range jobs {
		all[i] = c.verdictOn(j, toldOf(told, i, jobs))
	}
	c.readBack(ctx, jobs, all)
	return all
}

// toldOf returns what was told of a change: by its bulkId, which not everybody
// repeats (scimmy does so for POST only), else by method and location, or by its
// place when something is told of each.
func toldOf(told []Value, place int, jobs []bulkJob) Value {
	j := jobs[place]
	for _, v := range told {
		if id, ok := v.Get("bulkId").Text(); ok && id == strconv.Itoa(place) {
			return v
		}
	}
	for _, v := range told {
		location, _ := v.Get("location").Text()
		if j.id != "" && mayBe(v, j) && locatedID(location, j.endpoint()) == j.id {
			return v
		}
	}
	if len(told) == len(jobs) && mayBe(told[place], j) {
		return told[place]
	}
	return Value{}
}

// mayBe reports whether something without a bulkId can have been told of the change.
func mayBe(v Value, j bulkJob) bool {
	_, named := v.Get("bulkId").Text()
	method, told := v.Get("method").Text()
	return !named && (!told || strings.EqualFold(method, j.method))
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
	success := status/100 == 2
	if response := told.Get("response"); response.IsObject() && (j.result || !success) {
		a.body, _ = response.MarshalJSON()
	}
	if !success {
		return c.refusedInBulk(j, a)
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

func sameVerdict[J, R any](jobs []J, of func(J) verdict[R]) []verdict[R] {
	all := make([]verdict[R], len(jobs))
	for i, j := range jobs {
		all[i] = of(j)
	}
	return all
}
