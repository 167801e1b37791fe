package fakeapi

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// New returns an API that has these objects, with their statuses.
func New(t testing.TB, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return interceptor.NewClient(build(scheme, objects...), interceptor.Funcs{Apply: apply(scheme)})
}

func build(scheme *runtime.Scheme, objects ...client.Object) client.WithWatch {
	return fake.NewClientBuilder().WithScheme(scheme).WithReturnManagedFields().WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.Organization{}, &v1alpha1.User{}, &v1alpha1.InviteBatch{}, &v1alpha1.InviteLink{}).Build()
}

type applying = func(context.Context, client.WithWatch, runtime.ApplyConfiguration, ...client.ApplyOption) error

// apply makes a dry run one: the client in memory would do what it is asked.
func apply(scheme *runtime.Scheme) applying {
	return func(ctx context.Context, c client.WithWatch, wanted runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
		options := (&client.ApplyOptions{}).ApplyOptions(opts)
		if len(options.DryRun) == 0 {
			return c.Apply(ctx, wanted, opts...)
		}
		object, ok := wanted.(client.Object)
		if !ok {
			return fmt.Errorf("%T is no object", wanted)
		}
		there, err := scheme.New(object.GetObjectKind().GroupVersionKind())
		if err != nil {
			return err
		}
		var objects []client.Object
		if o, ok := there.(client.Object); ok && c.Get(ctx, client.ObjectKeyFromObject(object), o) == nil {
			objects = append(objects, o)
		}
		return build(scheme, objects...).Apply(ctx, wanted, opts...)
	}
}
