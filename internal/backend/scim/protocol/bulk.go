package protocol

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// BulkOperation is one change among many: a creation, an update or a deletion.
type BulkOperation struct {
	// Kind is what is changed.
	Kind ResourceKind
	// Create is the new resource; nil for an update or deletion.
	Create *Draft
	// ID is the resource to change; empty for a creation.
	ID string
	// Operations are an update's; none with an ID means deletion.
	Operations []Operation
	// Version makes the change conditional, when versions are offered; may be empty.
	Version string
}

// BulkResult is how one [BulkOperation] ended.
type BulkResult struct {
	// ID is of the resource that was created or changed; may be empty when the
	// service provider did not say and Err is not nil.
	ID string
	// Version is the new version; empty when not told.
	Version string
	// Err is nil on success, else of a kind as the single request's.
	// KindUnavailable means that nothing was said about this operation.
	Err error
}

const opBulk = "change resources in bulk"

// Bulk does many changes with few requests (RFC 7644 section 3.7), within
// [BulkFeature.MaxOperations] and [BulkFeature.MaxPayload], and returns a result
// for each, in order. An error beside them means that nothing was done at all:
// KindUnsupported when there is no /Bulk, or no PATCH or DELETE where one is needed.
func (c *Client) Bulk(ctx context.Context, operations []BulkOperation) ([]BulkResult, error) {
	f, err := c.Features(ctx)
	if err != nil {
		return nil, err
	}
	if !f.Bulk.Supported {
		return nil, directory.Errorf(directory.KindUnsupported, opBulk, "the service provider takes no changes in bulk")
	}
	entries := make([]bulkEntry, len(operations))
	for i, o := range operations {
		if entries[i], err = c.bulkEntry(o, i, f); err != nil {
			return nil, err
		}
	}
	results := make([]BulkResult, len(operations))
	for len(entries) > 0 {
		n := fitting(entries, f.Bulk)
		c.sendBulk(ctx, f, entries[:n], results)
		entries = entries[n:]
	}
	return results, nil
}

// bulkEntry is an operation as it is sent.
type bulkEntry struct {
	index int
	call  call // as if it were made alone, for its errors
	id    string
	value Value
	size  int64
}

func (c *Client) bulkEntry(o BulkOperation, index int, f Features) (bulkEntry, error) {
	t := f.Type(o.Kind)
	e := bulkEntry{index: index, id: o.ID, call: call{resource: o.Kind, path: t.Endpoint}}
	if !t.Supported {
		return e, directory.Errorf(directory.KindUnsupported, opBulk, "the service provider does not have the kind of resource")
	}
	data, err := e.describe(o, f)
	if err != nil {
		return e, err
	}
	fields := []Field{
		{Name: "method", Value: String(e.call.method)},
		{Name: "path", Value: String(e.call.path)},
		{Name: "bulkId", Value: String(strconv.Itoa(index))},
		{Name: "data", Value: data},
	}
	if version := f.precondition(o.Version); version != "" {
		fields = append(fields, Field{Name: "version", Value: String(version)})
	}
	e.value = Object(fields...)
	body, err := encode(opBulk, e.value)
	e.size = int64(len(body)) + 1
	return e, err
}

// describe fills in method and path, and returns the data.
func (e *bulkEntry) describe(o BulkOperation, f Features) (Value, error) {
	if o.Create != nil {
		e.call.op, e.call.method, e.call.collection = "create "+o.Kind.noun(), http.MethodPost, true
		return o.Create.Value(), nil
	}
	id, err := escapeID(opBulk, o.ID)
	if err != nil {
		return Value{}, err
	}
	e.call.path += "/" + id
	if len(o.Operations) == 0 {
		if !f.Delete {
			return Value{}, directory.Errorf(directory.KindUnsupported, opBulk, "deleting is switched off for this service provider")
		}
		e.call.op, e.call.method = "delete "+o.Kind.noun(), http.MethodDelete
		return Value{}, nil
	}
	if !f.Patch {
		return Value{}, noPatch(opBulk)
	}
	e.call.op, e.call.method = "change "+o.Kind.noun(), http.MethodPatch
	return patchValue(opBulk, o.Operations)
}

// fitting returns how many of the entries go into one request; at least one.
func fitting(entries []bulkEntry, limit BulkFeature) int {
	const envelope = 128
	size, n := int64(envelope), 0
	for _, e := range entries {
		if size += e.size; n > 0 && (n == limit.MaxOperations || size > limit.MaxPayload) {
			break
		}
		n++
	}
	return n
}

// sendBulk sends the entries and fills in their results; when they are too much
// at once, in halves.
func (c *Client) sendBulk(ctx context.Context, f Features, entries []bulkEntry, results []BulkResult) {
	values := make([]Value, len(entries))
	for i, e := range entries {
		values[i] = e.value
	}
	body, err := encode(opBulk, Object(
		Field{Name: "schemas", Value: List(String(bulkRequest))}, Field{Name: "Operations", Value: List(values...)},
	))
	var a answer
	if err == nil {
		a, err = c.do(ctx, call{op: opBulk, method: http.MethodPost, resource: ResourceBulk, path: "/Bulk", body: body, collection: true})
	}
	if isStatus(err, http.StatusRequestEntityTooLarge) && len(entries) > 1 {
		half := len(entries) / 2
		c.sendBulk(ctx, f, entries[:half], results)
		c.sendBulk(ctx, f, entries[half:], results)
		return
	}
	var told Value
	if err == nil {
		told, err = decodeObject(opBulk, a)
	}
	if err == nil && !told.Get("Operations").IsList() {
		err = notSCIM(opBulk)
	}
	for i, e := range entries {
		if err != nil {
			results[e.index] = BulkResult{ID: e.id, Err: err}
			continue
		}
		results[e.index] = c.bulkResult(e, f, answerTo(told.Get("Operations").Elements(), i, e, len(entries)))
	}
}

// answerTo returns what was said about the entry: by bulkId, which not everybody
// repeats, or by its place when there is an answer for each.
func answerTo(told []Value, place int, e bulkEntry, sent int) Value {
	named := false
	for _, v := range told {
		id, ok := v.Get("bulkId").Text()
		if ok && id == strconv.Itoa(e.index) {
			return v
		}
		named = named || ok
	}
	if named || len(told) != sent {
		return Value{}
	}
	return told[place]
}

func (c *Client) bulkResult(e bulkEntry, f Features, told Value) BulkResult {
	status, ok := told.Get("status").Int()
	if !ok {
		// SCIM 1.1 and a draft wrote {"status":{"code":"201"}}.
		status, ok = told.Get("status").Get("code").Int()
	}
	if !ok || status < 100 || status > 599 {
		return BulkResult{ID: e.id, Err: directory.Errorf(directory.KindUnavailable, e.call.op, "the service provider said nothing about this operation")}
	}
	location, _ := told.Get("location").Text()
	id, _ := told.Get("response").Get("id").Text()
	result := BulkResult{ID: cmp.Or(e.id, id, locatedID(location, f.Type(e.call.resource).Endpoint))}
	result.Version, _ = told.Get("version").Text()
	if status/100 != 2 {
		body, _ := told.Get("response").MarshalJSON()
		_, result.Err = c.refused(e.call, answer{status: int(status), header: http.Header{}, body: body})
	} else if result.ID == "" {
		result.Err = directory.Errorf(directory.KindUnavailable, e.call.op, "the service provider did not say what it has created")
	}
	return result
}
