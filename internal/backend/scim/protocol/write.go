package protocol

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Create creates a resource and returns it as it was stored. KindExists when
// something has its userName, displayName or another unique attribute.
// KindUnavailable leaves open whether it was created.
func (c *Client) Create(ctx context.Context, d *Draft) (Resource, error) {
	op := "create " + d.kind.noun()
	t, _, err := c.typeOf(ctx, op, d.kind)
	if err != nil {
		return Resource{}, err
	}
	body, err := encode(op, d.Value())
	if err != nil {
		return Resource{}, err
	}
	a, err := c.write(ctx, call{op: op, method: http.MethodPost, resource: d.kind, path: t.Endpoint, body: body, collection: true, result: true})
	if err != nil {
		return Resource{}, err
	}
	if len(a.body) > 0 {
		return decodeResource(op, d.kind, a)
	}
	// The body is a SHOULD in RFC 7644 section 3.3, the Location a SHALL.
	id := locatedID(a.header.Get("Location"), t.Endpoint)
	if id == "" {
		return Resource{}, directory.Errorf(directory.KindUnavailable, op, "the service provider did not say what it has created")
	}
	return c.Get(ctx, GetRequest{Kind: d.kind, ID: id})
}

// PatchRequest asks for a change of one resource.
type PatchRequest struct {
	// Kind and ID name it.
	Kind ResourceKind
	ID   string
	// Version makes the change conditional: KindConflict when the resource has
	// another one by now. Empty, or when versions are not offered, for always.
	Version string
	// Operations are done all or none; there must be one.
	Operations []Operation
	// Result says that the resource as it is afterwards is wanted. It is read
	// again when the service provider answers without it.
	Result bool
}

// Patch changes a resource, and returns it as it is then when that was asked
// for, else the zero Resource. KindUnsupported when there is no PATCH: see
// [Client.Update]. KindNotFound when there is no such resource, KindConflict
// when it has another version.
func (c *Client) Patch(ctx context.Context, r PatchRequest) (Resource, error) {
	op := "change " + r.Kind.noun()
	t, f, err := c.typeOf(ctx, op, r.Kind)
	if err != nil {
		return Resource{}, err
	}
	id, err := escapeID(op, r.ID)
	if err != nil {
		return Resource{}, err
	}
	body, err := encodePatch(op, r.Operations)
	if err != nil {
		return Resource{}, err
	}
	if !f.Patch || !c.learned.patches(r.Kind) {
		return Resource{}, noPatch(op)
	}
	a, err := c.doTo(ctx, call{
		op: op, method: http.MethodPatch, resource: r.Kind, path: t.Endpoint + "/" + id,
		body: body, version: f.precondition(r.Version), result: r.Result, id: r.ID,
	}, r.Version)
	if err != nil {
		if isStatus(err, http.StatusMethodNotAllowed, http.StatusNotImplemented) {
			c.learned.refusesPatch(r.Kind)
		}
		return Resource{}, err
	}
	return c.changed(ctx, op, r, a)
}

// changed returns the resource after a change, when it is wanted.
func (c *Client) changed(ctx context.Context, op string, r PatchRequest, a answer) (Resource, error) {
	if !r.Result {
		return Resource{}, decodeDone(op, a)
	}
	if len(a.body) > 0 {
		return c.readAnswer(op, GetRequest{Kind: r.Kind, ID: r.ID}, a)
	}
	return c.Get(ctx, GetRequest{Kind: r.Kind, ID: r.ID})
}

// Delete deletes a resource. KindNotFound when there is none, KindConflict when
// it has another version than the one given, KindUnsupported when deleting is
// not possible.
func (c *Client) Delete(ctx context.Context, kind ResourceKind, id, version string) error {
	op := "delete " + kind.noun()
	t, f, err := c.typeOf(ctx, op, kind)
	if err != nil {
		return err
	}
	segment, err := escapeID(op, id)
	if err != nil {
		return err
	}
	if !f.Delete {
		return directory.Errorf(directory.KindUnsupported, op, "deleting is switched off for this service provider")
	}
	a, err := c.doTo(ctx, call{
		op: op, method: http.MethodDelete, resource: kind, path: t.Endpoint + "/" + segment, version: f.precondition(version), id: id,
	}, version)
	if err != nil {
		return err
	}
	return decodeDone(op, a)
}

// doTo changes one resource. Some service providers insist on a version (428,
// RFC 6585 section 3) although they do not offer any: they get the one that the
// caller knows, or else any, which is what the caller asked for.
func (c *Client) doTo(ctx context.Context, q call, version string) (answer, error) {
	a, err := c.write(ctx, q)
	if !isStatus(err, http.StatusPreconditionRequired) || q.version != "" {
		return a, err
	}
	q.version = cmp.Or(version, "*")
	return c.write(ctx, q)
}

// precondition returns the version for If-Match; empty when versions are not offered.
func (f Features) precondition(version string) string {
	if !f.ETag {
		return ""
	}
	return version
}

func noPatch(op string) error {
	return directory.Errorf(directory.KindUnsupported, op, "the service provider has no PATCH")
}

// encodePatch writes a PatchOp message (RFC 7644 section 3.5.2).
func encodePatch(op string, operations []Operation) ([]byte, error) {
	v, err := patchValue(op, operations)
	if err != nil {
		return nil, err
	}
	return encode(op, v)
}

func patchValue(op string, operations []Operation) (Value, error) {
	if len(operations) == 0 {
		return Value{}, directory.Errorf(directory.KindInvalid, op, "there is no operation")
	}
	list := make([]Value, len(operations))
	for i, o := range operations {
		if o.Path.IsZero() || o.Op != OpAdd && o.Op != OpReplace && o.Op != OpRemove || o.Op == OpAdd && o.Value.raw == nil {
			return Value{}, directory.Errorf(directory.KindInvalid, op, "an operation has no path or nothing to add, or is neither add, replace nor remove")
		}
		if o.Op == OpReplace && o.Value.raw == nil {
			// Null is the same as no value (RFC 7643 section 2.5), but not to everybody.
			o.Op = OpRemove
		}
		list[i] = Object(
			Field{Name: "op", Value: String(string(o.Op))}, Field{Name: "path", Value: String(o.Path.String())}, Field{Name: "value", Value: o.Value},
		)
	}
	return Object(
		Field{Name: "schemas", Value: List(String(patchMessage))}, Field{Name: "Operations", Value: List(list...)},
	), nil
}

func encode(op string, v Value) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, directory.Errorf(directory.KindInvalid, op, "the resource cannot be written as json")
	}
	return body, nil
}
