package declared

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
)

// Precedence orders Users that have one address: it belongs to the first. One
// that was declared comes before one that was made for an InviteBatch or an
// InviteLink, then the older, then the first by name.
func Precedence(a, b *v1alpha1.User) int {
	return cmp.Or(
		cmp.Compare(Made(a), Made(b)),
		a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
		cmp.Compare(a.Name, b.Name),
	)
}

// Made is 1 for a User that nobody wrote: an InviteBatch or an InviteLink made
// it; and 0 for any other.
func Made(u *v1alpha1.User) int {
	if u.Labels[v1alpha1.LabelBatch] != "" || u.Labels[v1alpha1.LabelLink] != "" {
		return 1
	}
	return 0
}

// Roster is the Users of one organization by what they stand for. It keeps
// pointers and changes nothing.
type Roster struct {
	living, going map[string]*v1alpha1.User
	names         map[string]*v1alpha1.User
}

// NewRoster returns the roster of these Users, which are all of one organization.
func NewRoster(users []v1alpha1.User) Roster {
	r := Roster{
		living: make(map[string]*v1alpha1.User, len(users)), going: map[string]*v1alpha1.User{},
		names: make(map[string]*v1alpha1.User, len(users)),
	}
	for i := range users {
		u := &users[i]
		r.names[u.Name] = u
		canonical, err := address.Canonical(u.Spec.Email)
		if err != nil {
			continue // it was never given to a backend
		}
		into := r.living
		if u.DeletionTimestamp != nil {
			into = r.going
		}
		if other, ok := into[canonical]; !ok || Precedence(u, other) < 0 {
			into[canonical] = u
		}
	}
	return r
}

// Living returns the User that the address belongs to, nil when there is none.
func (r Roster) Living(canonical string) *v1alpha1.User { return r.living[canonical] }

// Going returns the User with the address that is being deleted, nil when there is none.
func (r Roster) Going(canonical string) *v1alpha1.User { return r.going[canonical] }

// Named returns the User of a name, whatever its address; nil when there is none.
func (r Roster) Named(name string) *v1alpha1.User { return r.names[name] }

// Owners returns the Users that an address belongs to, living ones and ones that
// are being deleted while no living one has their address, by name.
func (r Roster) Owners() []*v1alpha1.User {
	owners := make([]*v1alpha1.User, 0, len(r.names))
	for _, u := range r.living {
		owners = append(owners, u)
	}
	for canonical, u := range r.going {
		if r.living[canonical] == nil {
			owners = append(owners, u)
		}
	}
	slices.SortFunc(owners, func(a, b *v1alpha1.User) int { return cmp.Compare(a.Name, b.Name) })
	return owners
}
