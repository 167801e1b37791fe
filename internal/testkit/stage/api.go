package stage

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/status/statustest"
)

// api is an API server that keeps objects in memory.
type api struct {
	t       testing.TB
	clock   clock.PassiveClock
	checker *statustest.Checker
	// raw is for tests: nothing strikes it, and what it writes is not told.
	raw client.WithWatch
	// client is for controllers.
	client client.Client

	mu      sync.Mutex
	writes  []Write
	armed   []*armedFault
	lastUID int
}

func newAPI(t testing.TB, c clock.PassiveClock, checker *statustest.Checker) *api {
	t.Helper()
	a := &api{t: t, clock: c, checker: checker}
	builder := fake.NewClientBuilder().WithScheme(scheme()).WithObjectTracker(newTracker()).WithStatusSubresource(
		&v1alpha1.IdentityBackend{}, &v1alpha1.Organization{}, &v1alpha1.BusinessUnit{},
		&v1alpha1.Role{}, &v1alpha1.User{}, &v1alpha1.InviteBatch{}, &v1alpha1.InviteLink{})
	if err := index.Register(t.Context(), indexer{builder}); err != nil {
		t.Fatal(err)
	}
	a.raw = builder.Build()
	a.client = interceptor.NewClient(a.raw, interceptor.Funcs{
		Get: a.get, List: a.list, Create: a.create, Patch: a.patch, Delete: a.delete,
		SubResourcePatch: func(ctx context.Context, _ client.Client, name string, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			return a.patchStatus(ctx, a.raw.SubResource(name), o, patch, opts...)
		},
	})
	return a
}

// newTracker keeps no managed fields, as the manager's cache does; to keep them
// takes longer than all else.
func newTracker() clienttesting.ObjectTracker {
	return clienttesting.NewObjectTracker(scheme(), serializer.NewCodecFactory(scheme()).UniversalDecoder())
}

// scheme knows our kinds, and those of Kubernetes' own that tests need.
var scheme = sync.OnceValue(func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, policyv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(fmt.Sprintf("stage: build the scheme: %v", err))
		}
	}
	return s
})

// indexer gives the controllers' indexes to the API.
type indexer struct{ builder *fake.ClientBuilder }

// IndexField implements [client.FieldIndexer].
func (i indexer) IndexField(_ context.Context, o client.Object, field string, values client.IndexerFunc) error {
	i.builder.WithIndex(o, field, values)
	return nil
}

func (a *api) get(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	return a.do(call{VerbGet, kindOf(o), key.Name}, func() error { return c.Get(ctx, key, o, opts...) })
}

func (a *api) list(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
	return a.do(call{VerbList, kindOf(list), ""}, func() error { return c.List(ctx, list, opts...) })
}

func (a *api) create(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
	return a.do(call{VerbCreate, kindOf(o), o.GetName()}, func() error {
		a.admit(o)
		return c.Create(ctx, o, opts...)
	})
}

// admit gives a new object what the API server gives it, and takes a status away.
func (a *api) admit(o client.Object) {
	a.mu.Lock()
	a.lastUID++
	o.SetUID(types.UID(fmt.Sprintf("uid-%d", a.lastUID)))
	a.mu.Unlock()
	o.SetGeneration(1)
	if created := o.GetCreationTimestamp(); created.IsZero() {
		o.SetCreationTimestamp(metav1.NewTime(a.clock.Now()))
	}
	if status := reflect.ValueOf(o).Elem().FieldByName("Status"); status.IsValid() {
		status.SetZero()
	}
}

func (a *api) patch(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	return a.do(call{VerbPatch, kindOf(o), o.GetName()}, func() error {
		before, err := a.stored(ctx, o)
		if err != nil {
			return err
		}
		if err := c.Patch(ctx, o, patch, opts...); err != nil {
			return err
		}
		return a.count(ctx, before, o)
	})
}

func (a *api) stored(ctx context.Context, o client.Object) (client.Object, error) {
	stored, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return nil, fmt.Errorf("copy of %T is no object", o)
	}
	return stored, a.raw.Get(ctx, client.ObjectKeyFromObject(o), stored)
}

// count raises the generation when the spec has changed.
func (a *api) count(ctx context.Context, before, o client.Object) error {
	spec := func(o client.Object) reflect.Value { return reflect.ValueOf(o).Elem().FieldByName("Spec") }
	if !spec(o).IsValid() || reflect.DeepEqual(spec(before).Interface(), spec(o).Interface()) {
		return nil
	}
	o.SetGeneration(before.GetGeneration() + 1)
	return a.raw.Update(ctx, o)
}

func (a *api) delete(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
	return a.do(call{VerbDelete, kindOf(o), o.GetName()}, func() error {
		stored, err := a.stored(ctx, o)
		if err != nil {
			return err
		}
		options := (&client.DeleteOptions{}).ApplyOptions(opts)
		if p := options.Preconditions; p != nil && p.UID != nil && *p.UID != stored.GetUID() {
			return apierrors.NewConflict(schema.GroupResource{Resource: kindOf(o)}, o.GetName(), fmt.Errorf("the uid is another"))
		}
		return a.remove(ctx, stored)
	})
}

// remove deletes an object, or marks it when it has finalizers.
func (a *api) remove(ctx context.Context, stored client.Object) error {
	marked := stored.GetDeletionTimestamp() != nil
	if err := a.raw.Delete(ctx, stored); err != nil || marked || len(stored.GetFinalizers()) == 0 {
		return err
	}
	if err := a.raw.Get(ctx, client.ObjectKeyFromObject(stored), stored); err != nil {
		return err
	}
	stored.SetGeneration(stored.GetGeneration() + 1)
	return a.raw.Update(ctx, stored)
}

func (a *api) patchStatus(ctx context.Context, raw client.SubResourceWriter, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	return a.do(call{VerbStatus, kindOf(o), o.GetName()}, func() error {
		if err := raw.Patch(ctx, o, patch, opts...); err != nil {
			return err
		}
		stored, err := a.stored(ctx, o)
		if err != nil {
			return err
		}
		for _, violation := range a.checker.Observe(stored) {
			a.t.Errorf("kstatus: %s", violation)
		}
		return nil
	})
}

// kindOf is the kind of an object, or of a list's items.
func kindOf(o runtime.Object) string {
	name := reflect.TypeOf(o).Elem().Name()
	if _, ok := o.(client.ObjectList); ok {
		return name[:len(name)-len("List")]
	}
	return name
}
