package declared_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
)

func called(name string) func(*v1alpha1.User) { return func(u *v1alpha1.User) { u.Name = name } }

func born(at time.Time) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.CreationTimestamp = metav1.NewTime(at) }
}

func labelled(key string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Labels = map[string]string{key: "x"} }
}

func leaving(u *v1alpha1.User) { u.DeletionTimestamp = &metav1.Time{Time: now} }

// An address belongs to one User: what was written goes before what was made,
// then the older, then the first by name.
func TestPromise_AnAddressBelongsToTheOldest(t *testing.T) {
	for reason, test := range map[string]struct {
		first, second []func(*v1alpha1.User)
	}{
		"older":                {[]func(*v1alpha1.User){born(now), called("z")}, []func(*v1alpha1.User){born(now.Add(1)), called("a")}},
		"by name":              {[]func(*v1alpha1.User){called("a")}, []func(*v1alpha1.User){called("b")}},
		"declared, not batch":  {[]func(*v1alpha1.User){born(now.Add(time.Hour))}, []func(*v1alpha1.User){born(now), labelled(v1alpha1.LabelBatch)}},
		"declared, not linked": {[]func(*v1alpha1.User){born(now.Add(time.Hour))}, []func(*v1alpha1.User){born(now), labelled(v1alpha1.LabelLink)}},
	} {
		a, b := user("ada", test.first...), user("ada", test.second...)
		a.UID, b.UID = "first", "second"
		for _, users := range [][]v1alpha1.User{{*a, *b}, {*b, *a}} {
			if got := declared.NewRoster(users).Living("ada@example.com"); got == nil || got.UID != "first" {
				t.Errorf("%s: the address belongs to %v", reason, got)
			}
		}
	}
}

func TestPromise_TheRoster(t *testing.T) {
	r := declared.NewRoster([]v1alpha1.User{
		*user("ada", func(u *v1alpha1.User) { u.Spec.Email = "ADA@Example.com" }),
		*user("ada-going", leaving, func(u *v1alpha1.User) { u.Spec.Email = "ada@example.com" }),
		*user("grace", leaving), *user("nobody", func(u *v1alpha1.User) { u.Spec.Email = "nobody" }), *user("bob"),
	})
	name := func(u *v1alpha1.User) string {
		if u == nil {
			return ""
		}
		return u.Name
	}
	owners := []string{}
	for _, u := range r.Owners() {
		owners = append(owners, u.Name)
	}
	got := []string{
		name(r.Living("ada@example.com")), name(r.Going("ada@example.com")), name(r.Living("grace@example.com")),
		name(r.Going("grace@example.com")), name(r.Named("nobody")), name(r.Named("ada-going")), name(r.Living("nobody")), name(r.Named("eve")),
	}
	if diff := cmp.Diff([]string{"ada", "ada-going", "", "grace", "nobody", "ada-going", "", ""}, got); diff != "" {
		t.Errorf("roster (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ada", "bob", "grace"}, owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}
