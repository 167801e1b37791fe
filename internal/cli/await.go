package cli

import (
	"context"
	"errors"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rewatch is how long to wait before a watch that ended is opened again.
const rewatch = time.Second

// errTimeout ends a context that --timeout bounds.
var errTimeout = errors.New("timeout")

// within bounds a context; zero does not.
func (s *session) within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := s.clock.NewTimer(timeout)
	go func() {
		defer timer.Stop()
		select {
		case <-timer.C():
			cancel(errTimeout)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

func timedOut(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errTimeout) }

// await looks at an object now and whenever it changes, until done says so.
// The context ends it with its cause.
func (s *session) await(ctx context.Context, c *cluster, object client.Object, list client.ObjectList, done func() (bool, error)) error {
	for {
		finished, err := s.awaitOnce(ctx, c, object, list, done)
		if finished || err != nil {
			return err
		}
		// A watch ends now and then by itself.
		if err := s.pause(ctx, rewatch); err != nil {
			return err
		}
	}
}

func (s *session) pause(ctx context.Context, d time.Duration) error {
	timer := s.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *session) awaitOnce(ctx context.Context, c *cluster, object client.Object, list client.ObjectList, done func() (bool, error)) (bool, error) {
	name := object.GetName()
	// First the watch and then the look, so that no change falls between them.
	events, err := c.Watch(ctx, list, client.InNamespace(c.namespace),
		client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", name)})
	if err != nil {
		return false, orCause(ctx, err)
	}
	defer events.Stop()
	for {
		if err := c.get(ctx, name, object); err != nil {
			return false, orCause(ctx, err)
		}
		if finished, err := done(); finished || err != nil {
			return finished, err
		}
		for changed := false; !changed; {
			select {
			case event, open := <-events.ResultChan():
				if !open || event.Type == watch.Error {
					return false, nil
				}
				changed = isNamed(event, name)
			case <-ctx.Done():
				return false, context.Cause(ctx)
			}
		}
	}
}

func isNamed(event watch.Event, name string) bool {
	o, ok := event.Object.(client.Object)
	return ok && o.GetName() == name
}

// orCause is why a context ended, when it did: what a request says then is not.
func orCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// annotate sets one annotation, and touches nothing else.
func (c *cluster) annotate(ctx context.Context, object client.Object, key, value string) error {
	before, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		return errors.New("copy of an object is no object")
	}
	all := maps.Clone(object.GetAnnotations())
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	object.SetAnnotations(all)
	return c.Patch(ctx, object, client.MergeFrom(before), client.FieldOwner(fieldManager))
}
