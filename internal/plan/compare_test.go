package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/plan"
)

// Whoever any User has or holds is declared, also when nobody has looked at that
// User yet, it goes, or its address was changed; whoever is let in besides is not.
func TestBY7_Undeclared(t *testing.T) {
	for reason, test := range map[string]struct {
		facts      func(*plan.Facts)
		undeclared bool
	}{
		"nobody knows them":          {func(*plan.Facts) {}, true},
		"invited by somebody else":   {func(f *plan.Facts) { outside(&f.Members[0]) }, true},
		"disabled":                   {func(f *plan.Facts) { disabled(&f.Members[0]) }, false},
		"a User, not reconciled yet": {func(f *plan.Facts) { f.Users = []v1alpha1.User{user("eve")} }, false},
		"in another case": {func(f *plan.Facts) {
			f.Users = []v1alpha1.User{user("x", func(u *v1alpha1.User) { u.Spec.Email = "EVE@Example.COM" })}
		}, false},
		"a User that goes": {func(f *plan.Facts) { f.Users = []v1alpha1.User{user("eve", goes)} }, false},
		"a suspended User": {func(f *plan.Facts) {
			f.Users = []v1alpha1.User{user("eve", func(u *v1alpha1.User) { u.Spec.Suspend = true })}
		}, false},
		"another's User": {func(f *plan.Facts) { f.Users = []v1alpha1.User{user("ada")} }, true},
		"held under the old address": {func(f *plan.Facts) {
			f.Users = []v1alpha1.User{user("ada")}
			f.Holdings = []directory.Holding{{Address: "eve@example.com", Holder: "ada"}}
		}, false},
		"held by one whose address is none": {func(f *plan.Facts) {
			f.Users = []v1alpha1.User{user("ada", func(u *v1alpha1.User) { u.Spec.Email = "nobody" })}
			f.Holdings = []directory.Holding{{Address: "eve@example.com", Holder: "ada"}}
		}, false},
		"held by a User that is gone": {func(f *plan.Facts) {
			f.Holdings = []directory.Holding{{Address: "eve@example.com", Holder: "ada"}}
		}, true},
		"held by the Organization": {func(f *plan.Facts) { f.Holdings = []directory.Holding{{Address: "eve@example.com"}} }, true},
		"joins by a link":          {func(f *plan.Facts) { f.Joining = []string{"eve@example.com"} }, false},
		"joined a moment ago":      {func(f *plan.Facts) { f.Members[0].JoinedAt = now.Add(-9 * time.Minute) }, false},
		"joined ten minutes ago":   {func(f *plan.Facts) { f.Members[0].JoinedAt = now.Add(-10 * time.Minute) }, true},
		"joined in the future":     {func(f *plan.Facts) { f.Members[0].JoinedAt = now.Add(time.Hour) }, false},
	} {
		c := plan.Compare(facts(func(f *plan.Facts) { f.Members = []directory.ObservedMember{member("eve")} }, test.facts))
		if got := len(c.Undeclared) == 1; got != test.undeclared || c.Total != 1 {
			t.Errorf("%s: undeclared %t of %d, want %t", reason, got, c.Total, test.undeclared)
		}
	}
}

// Drift is what somebody else did; everything that differs is told besides.
func TestBY7_Drift(t *testing.T) {
	f := facts(func(f *plan.Facts) {
		suspended := user("suspended", titled, func(u *v1alpha1.User) { u.Spec.Suspend = true })
		f.Users = []v1alpha1.User{
			user("drifted", titled), user("edited", titled), user("same"), user("evicted"), user("new"), user("going", goes, titled), suspended,
			user("moving", titled, func(u *v1alpha1.User) { u.Spec.Email = "new@elsewhere.example" }),
		}
		f.Members = []directory.ObservedMember{
			member("drifted"), member("edited"), member("same"), member("going"), member("suspended"), member("moving"),
		}
		f.Holdings = []directory.Holding{
			held(t, "drifted@example.com", user("drifted", titled)), held(t, "edited@example.com", user("edited")),
			held(t, "same@example.com", user("same")), held(t, "evicted@example.com", user("evicted")),
			held(t, "going@example.com", user("going", titled)), held(t, "suspended@example.com", suspended),
			held(t, "moving@example.com", user("moving", titled)),
		}
	})
	c := plan.Compare(f)
	if diff := cmp.Diff([]string{"drifted", "evicted", "moving"}, c.Drifted); diff != "" {
		t.Errorf("drifted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"drifted", "edited", "evicted", "moving", "new"}, c.Differing); diff != "" {
		t.Errorf("differing (-want +got):\n%s", diff)
	}
	if len(c.Undeclared) > 0 {
		t.Errorf("%v are undeclared", c.Undeclared)
	}
}

// A member with the address of a living User is nobody else's, whoever held it.
func TestPromise_AHeldAddressThatAnotherUserHas(t *testing.T) {
	c := plan.Compare(facts(func(f *plan.Facts) {
		f.Users = []v1alpha1.User{user("ada", func(u *v1alpha1.User) { u.Spec.Email = "new@example.com" }), user("b", func(u *v1alpha1.User) { u.Spec.Email = "ada@example.com" })}
		f.Members = []directory.ObservedMember{member("ada")}
		f.Holdings = []directory.Holding{{Address: "ada@example.com", Holder: "ada"}}
	}))
	if diff := cmp.Diff([]string{"ada"}, c.Differing); diff != "" {
		t.Errorf("differing (-want +got):\n%s", diff)
	}
}

// Where others bring people in too, only those are asked to go who were created
// or adopted here, and whoever else administers is counted as one who does.
func TestBY7_StrangersAreNotRemovable(t *testing.T) {
	people := func(f *plan.Facts) {
		f.Spec.Membership.Undeclared = v1alpha1.UndeclaredRemove
		f.Members = []directory.ObservedMember{member("admin", admin), member("eve"), member("held"), member("retained", admin)}
		f.Holdings = []directory.Holding{{Address: "held@example.com", Holder: "gone"}}
		f.Admitted = []string{"retained@example.com"}
	}
	for reason, test := range map[string]struct {
		facts func(*plan.Facts)
		want  []string
		kept  plan.Kept
	}{
		"nobody else brings people in": {func(*plan.Facts) {}, []string{"id-admin", "id-eve", "id-held"}, plan.Kept{Administrators: 1}},
		"others do":                    {func(f *plan.Facts) { f.Shared = true }, []string{"id-held", "id-retained"}, plan.Kept{Strangers: 2}},
		"and one is protected": {func(f *plan.Facts) {
			f.Shared, f.Spec.Safety.ProtectedEmails = true, []string{"held@example.com", "eve@example.com"}
		}, []string{"id-retained"}, plan.Kept{Strangers: 2, Protected: 1}},
	} {
		c := plan.Compare(facts(people, test.facts))
		removable, kept := c.Removable()
		var got, planned []string
		for i := range removable {
			got = append(got, removable[i].ID)
		}
		for _, e := range c.Plan() {
			planned = append(planned, e.MemberID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || kept != test.kept || len(c.Undeclared) != 4 {
			t.Errorf("%s: kept %+v of %d, want %+v; removable (-want +got):\n%s", reason, kept, len(c.Undeclared), test.kept, diff)
		}
		if diff := cmp.Diff(test.want, planned); diff != "" {
			t.Errorf("%s: planned (-want +got):\n%s", reason, diff)
		}
	}
}

// Protected people, and the last administrators, are not asked to go.
func TestBY4_Removable(t *testing.T) {
	least := func(n int32) func(*plan.Facts) {
		return func(f *plan.Facts) { f.Spec.Safety.MinAdministrators = &n }
	}
	for reason, test := range map[string]struct {
		facts func(*plan.Facts)
		want  []string
		kept  plan.Kept
	}{
		"an administrator is left": {func(f *plan.Facts) {
			f.Users, f.Members = []v1alpha1.User{user("ada")}, append(f.Members, member("ada", admin))
		}, []string{"admin1", "admin2", "eve"}, plan.Kept{}},
		"nobody would be left":    {func(*plan.Facts) {}, []string{"admin1", "eve"}, plan.Kept{Administrators: 1}},
		"none needs to be left":   {least(0), []string{"admin1", "admin2", "eve"}, plan.Kept{}},
		"more than there are":     {least(5), []string{"eve"}, plan.Kept{Administrators: 2}},
		"protected":               {func(f *plan.Facts) { f.Spec.Safety.ProtectedEmails = []string{"nobody", "EVE@example.com"} }, []string{"admin1"}, plan.Kept{Administrators: 1, Protected: 1}},
		"a protected one is left": {func(f *plan.Facts) { f.Spec.Safety.ProtectedEmails = []string{"admin2@example.com"} }, []string{"admin1", "eve"}, plan.Kept{Protected: 1}},
		"one who is not in does not count": {func(f *plan.Facts) {
			f.Members = append(f.Members, member("zoe", admin, outside))
		}, []string{"admin1", "eve", "zoe"}, plan.Kept{Administrators: 1}},
	} {
		c := plan.Compare(facts(func(f *plan.Facts) {
			f.Members = []directory.ObservedMember{member("eve"), member("admin2", admin), member("admin1", admin)}
		}, test.facts))
		removable, kept := c.Removable()
		var got []string
		for i := range removable {
			got = append(got, removable[i].ID[len("id-"):])
		}
		if diff := cmp.Diff(test.want, got); diff != "" || kept != test.kept {
			t.Errorf("%s: kept %+v, want %+v; removable (-want +got):\n%s", reason, kept, test.kept, diff)
		}
	}
}
