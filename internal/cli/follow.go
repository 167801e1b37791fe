package cli

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// changes calls look with a board that is up to date, at first and after every
// change, but not more often than it can be read. It ends when look says so,
// with look's error, or with the context's cause.
func (s *session) changes(ctx context.Context, c *cluster, b *board, look func() (bool, error)) error {
	for {
		done, err := s.changesOnce(ctx, c, b, look)
		if done || err != nil {
			return err
		}
		// A watch ends now and then by itself; everything is read anew then.
		if err := s.pause(ctx, rewatch); err != nil {
			return err
		}
	}
}

func (s *session) changesOnce(ctx context.Context, c *cluster, b *board, look func() (bool, error)) (bool, error) {
	people, err := c.Watch(ctx, &v1alpha1.UserList{}, client.InNamespace(c.namespace))
	if err != nil {
		return false, orCause(ctx, err)
	}
	defer people.Stop()
	whole, err := c.Watch(ctx, b.list(), client.InNamespace(c.namespace),
		client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", b.name)})
	if err != nil {
		return false, orCause(ctx, err)
	}
	defer whole.Stop()
	if err := b.load(ctx, c); err != nil {
		return false, orCause(ctx, err)
	}
	for {
		if done, err := look(); done || err != nil {
			return done, err
		}
		if open, err := s.next(ctx, b, people, whole); !open || err != nil {
			return false, err
		}
	}
}

func (b *board) list() client.ObjectList {
	if b.kind == kindBatch {
		return &v1alpha1.InviteBatchList{}
	}
	return &v1alpha1.OrganizationList{}
}

// next waits for a change, and takes in what comes shortly after it. It reports
// whether both watches are open.
func (s *session) next(ctx context.Context, b *board, people, whole watch.Interface) (bool, error) {
	timer := s.clock.NewTimer(redraw)
	defer timer.Stop()
	changed, rested := false, false
	for !changed || !rested {
		select {
		case event, open := <-people.ResultChan():
			if !open || event.Type == watch.Error {
				return false, nil
			}
			changed = b.take(event) || changed
		case event, open := <-whole.ResultChan():
			if !open || event.Type == watch.Error {
				return false, nil
			}
			changed = b.take(event) || changed
		case <-timer.C():
			rested = true
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
	return true, nil
}

// take takes in what happened, and reports whether the board shows it.
func (b *board) take(event watch.Event) bool {
	switch o := event.Object.(type) {
	case *v1alpha1.User:
		if event.Type == watch.Deleted || !b.belongs(o) {
			_, was := b.users[o.Name]
			delete(b.users, o.Name)
			return was
		}
		b.users[o.Name] = o
		return true
	case *v1alpha1.Organization:
		if b.kind == kindOrganization && o.Name == b.name {
			b.organization = o
			return true
		}
	case *v1alpha1.InviteBatch:
		if b.kind == kindBatch && o.Name == b.name {
			b.batch = o
			return true
		}
	}
	return false
}
