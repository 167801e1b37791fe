package plan_test

import (
	"fmt"
	"testing"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/plan"
)

// BenchmarkPlan compares ten thousand Users with as many members, and plans.
func BenchmarkPlan(b *testing.B) {
	const people = 10_000
	f := facts(func(f *plan.Facts) {
		f.Spec.Membership.Undeclared = v1alpha1.UndeclaredRemove
		for i := range people {
			name := fmt.Sprintf("p%05d", i)
			f.Users = append(f.Users, user(name, titled))
			f.Members = append(f.Members, member(name))
			f.Holdings = append(f.Holdings, directory.Holding{Address: name + "@example.com", Holder: name})
		}
	})
	for b.Loop() {
		if entries := plan.Compare(f).Plan(); len(entries) != people {
			b.Fatalf("%d entries, want one a person", len(entries))
		}
	}
}
