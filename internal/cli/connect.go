package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// fieldManager is who the API server knows our writes by.
const fieldManager = "kubectl-rollcall"

// cluster is the Kubernetes API, and the namespace that a verb works in.
type cluster struct {
	client.WithWatch
	namespace string
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(corev1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

func connect(flags *genericclioptions.ConfigFlags) (client.WithWatch, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 50, 100
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	return client.NewWithWatch(config, client.Options{Scheme: scheme})
}

// cluster opens the API that the flags name.
func (s *session) cluster() (*cluster, error) {
	namespace, _, err := s.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	c, err := s.open(s.flags)
	if err != nil {
		return nil, fmt.Errorf("connect to the Kubernetes API: %w", err)
	}
	return &cluster{WithWatch: c, namespace: namespace}, nil
}

func (c *cluster) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: c.namespace, Name: name}
}

// get gets an object of our namespace; one that is not there is told by kind and name.
func (c *cluster) get(ctx context.Context, name string, into client.Object) error {
	err := c.Get(ctx, c.key(name), into)
	if apierrors.IsNotFound(err) {
		return &missing{kind: kindOf(into), name: name, namespace: c.namespace}
	}
	return err
}

// missing says that an object does not exist.
type missing struct{ kind, name, namespace string }

// Error implements error.
func (m *missing) Error() string {
	return fmt.Sprintf("there is no %s %q in namespace %q", m.kind, m.name, m.namespace)
}

func isMissing(err error) bool {
	_, ok := errors.AsType[*missing](err)
	return ok
}

// organization gets the named one, or the only one of the namespace.
func (c *cluster) organization(ctx context.Context, name string) (*v1alpha1.Organization, error) {
	org := &v1alpha1.Organization{}
	if name != "" {
		return org, c.get(ctx, name, org)
	}
	var all v1alpha1.OrganizationList
	if err := c.List(ctx, &all, client.InNamespace(c.namespace)); err != nil {
		return nil, err
	}
	switch len(all.Items) {
	case 0:
		return nil, fmt.Errorf("there is no Organization in namespace %q; choose another with -n", c.namespace)
	case 1:
		return &all.Items[0], nil
	}
	names := make([]string, 0, len(all.Items))
	for i := range all.Items {
		names = append(names, all.Items[i].Name)
	}
	slices.Sort(names)
	return nil, wrongUsage("namespace %q has several Organizations; say which: %s", c.namespace, strings.Join(names, ", "))
}

// users lists the Users of an organization, by name.
func (c *cluster) users(ctx context.Context, organization string) ([]v1alpha1.User, error) {
	var all v1alpha1.UserList
	if err := c.List(ctx, &all, client.InNamespace(c.namespace)); err != nil {
		return nil, err
	}
	ours := slices.DeleteFunc(all.Items, func(u v1alpha1.User) bool { return u.Spec.OrganizationRef.Name != organization })
	slices.SortFunc(ours, func(a, b v1alpha1.User) int { return strings.Compare(a.Name, b.Name) })
	return ours, nil
}

// usersNamed gets the Users that arguments name. All of them are looked at
// before anything is done, so that a slip of the pen changes nothing: unfit says
// why one of them is not to be.
func (c *cluster) usersNamed(ctx context.Context, args []string, unfit func(*v1alpha1.User) error) ([]*v1alpha1.User, error) {
	var users []*v1alpha1.User
	var wrong []error
	for _, arg := range args {
		t, err := parseTarget(arg, kindUser)
		if err != nil {
			return nil, err
		}
		u := &v1alpha1.User{}
		if err = c.get(ctx, t.name, u); err == nil {
			err = unfit(u)
		}
		wrong = append(wrong, err)
		users = append(users, u)
	}
	return users, errors.Join(wrong...)
}
