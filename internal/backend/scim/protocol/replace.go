package protocol

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// replaceWithin is how fresh a resource must be to be written back.
const replaceWithin = time.Minute

// Replace writes a whole resource by PUT: the one that was read, as edit leaves
// it. The edit begins with all that was read but for read-only attributes, so
// that what is not known to us stays. KindInvalid when the resource was not read
// whole ([Resource.Whole]) within the last minute; KindConflict when it has
// another version by now, as far as versions are offered. The result is zero
// when the service provider answers without it.
func (c *Client) Replace(ctx context.Context, read Resource, edit func(*Draft) error) (Resource, error) {
	op := "replace " + read.kind.noun()
	if !read.whole || c.options.Clock.Since(read.readAt) > replaceWithin {
		return Resource{}, directory.Errorf(directory.KindInvalid, op, "only a resource that was just read whole may be replaced")
	}
	t, f, err := c.typeOf(ctx, op, read.kind)
	if err != nil {
		return Resource{}, err
	}
	id, err := escapeID(op, read.id)
	if err != nil {
		return Resource{}, err
	}
	draft := draftOf(read, f)
	if err := edit(draft); err != nil {
		return Resource{}, err
	}
	body, err := encode(op, draft.Value())
	if err != nil {
		return Resource{}, err
	}
	a, err := c.doTo(ctx, call{
		op: op, method: http.MethodPut, resource: read.kind, path: t.Endpoint + "/" + id, body: body, version: f.precondition(read.version),
	}, read.version)
	if err != nil || len(a.body) == 0 {
		return Resource{}, err
	}
	return c.readAnswer(op, GetRequest{Kind: read.kind, ID: read.id}, a)
}

// Update changes a resource by PATCH, or where that is not supported by reading
// it whole, doing the operations to what was read, and [Client.Replace]. Nothing
// is written when they change nothing.
func (c *Client) Update(ctx context.Context, r PatchRequest) (Resource, error) {
	changed, err := c.Patch(ctx, r)
	if !c.withoutPatch(ctx, r.Kind, err) {
		return changed, err
	}
	read, err := c.Get(ctx, GetRequest{Kind: r.Kind, ID: r.ID})
	if err != nil {
		return Resource{}, err
	}
	f, err := c.Features(ctx)
	if err != nil {
		return Resource{}, err
	}
	if r.Version != "" && f.ETag && read.version != r.Version {
		return Resource{}, directory.Errorf(directory.KindConflict, "change "+r.Kind.noun(), "it has changed meanwhile")
	}
	before := draftOf(read, f).Value()
	same, err := unchanged(draftOf(read, f), before, r.Operations)
	if err != nil || same {
		return read, err
	}
	replaced, err := c.Replace(ctx, read, func(d *Draft) error { return applyAll(d, r.Operations) })
	if err != nil || !r.Result || replaced.id != "" {
		return replaced, err
	}
	return c.Get(ctx, GetRequest{Kind: r.Kind, ID: r.ID})
}

// withoutPatch reports whether err means that there is no PATCH at all, rather
// than that the service provider cannot do this one.
func (c *Client) withoutPatch(ctx context.Context, kind ResourceKind, err error) bool {
	if !directory.IsKind(err, directory.KindUnsupported) {
		return false
	}
	f, failed := c.Features(ctx)
	return failed == nil && f.Type(kind).Supported && (!f.Patch || !c.learned.patches(kind))
}

func unchanged(d *Draft, before Value, operations []Operation) (bool, error) {
	if err := applyAll(d, operations); err != nil {
		return false, err
	}
	return d.Value().Equal(before), nil
}

func applyAll(d *Draft, operations []Operation) error {
	for _, o := range operations {
		if err := d.Apply(o); err != nil {
			return err
		}
	}
	return nil
}

// isStatus reports whether err comes from an answer with one of the statuses.
func isStatus(err error, statuses ...int) bool {
	refused, ok := errors.AsType[*refusal](err)
	return ok && slices.Contains(statuses, refused.status)
}
