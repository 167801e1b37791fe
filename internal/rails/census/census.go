package census

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// Census is who stays and who is to go.
type Census struct {
	// Living counts the people who stay: one for an address, however many Users have it.
	Living int
	// Leaving are those who would be removed or disabled, one for each User.
	Leaving []directory.Departure
}

// Take counts the Users of one organization. Those do not count whose going
// removes nobody: another User has the address, the policy is Retain, the User
// is suspended, or another rail keeps the person anyway.
func Take(users []v1alpha1.User, now time.Time) Census {
	var c Census
	roster := declared.NewRoster(users)
	counted := map[string]bool{}
	for i := range users {
		u := &users[i]
		canonical, err := address.Canonical(u.Spec.Email)
		if err != nil {
			continue // it was never given to a backend
		}
		kept := declared.StateOf(&u.Spec, now) == directory.MemberDisabled
		switch {
		case u.DeletionTimestamp == nil && !kept:
			if !counted[canonical] {
				counted[canonical] = true
				c.Living++
			}
		case u.DeletionTimestamp != nil && goes(u) && roster.Living(canonical) == nil,
			u.DeletionTimestamp == nil && roster.Living(canonical) == u && isIn(u):
			if !u.Spec.Suspend && !keptByAnother(u) {
				c.Leaving = append(c.Leaving, Departure(u, canonical))
			}
		}
	}
	return c
}

// Departure is the removal, or disablement, that a User asks for now. A
// disablement belongs to one state of the declaration: whoever is enabled and
// disabled again is disabled twice.
func Departure(u *v1alpha1.User, canonical string) directory.Departure {
	subject := string(u.UID)
	if u.DeletionTimestamp == nil {
		subject = fmt.Sprintf("%s/%d", u.UID, u.Generation)
	}
	return directory.Departure{
		Organization: reference.OrganizationID(u.Namespace, u.Spec.OrganizationRef), Address: canonical, Subject: subject,
	}
}

// Wave names exactly these departures, in any order.
func Wave(these []directory.Departure) string {
	return rails.Name(Members(these))
}

// Members are the departures as texts.
func Members(these []directory.Departure) []string {
	members := make([]string, 0, len(these))
	for _, d := range these {
		members = append(members, d.Address+"\n"+d.Subject)
	}
	return members
}

// goes reports whether the deletion of the User takes somebody out.
func goes(u *v1alpha1.User) bool {
	return controllerutil.ContainsFinalizer(u, v1alpha1.Finalizer) && u.Spec.RemovalPolicy != v1alpha1.RemovalPolicyRetain
}

// isIn reports whether disabling would take anything from the person: they are
// in, or invited, or a rail stopped it already.
func isIn(u *v1alpha1.User) bool {
	c := u.Status.Conditions
	return meta.IsStatusConditionTrue(c, v1alpha1.ConditionAccepted) || meta.IsStatusConditionTrue(c, v1alpha1.ConditionPending) ||
		meta.IsStatusConditionTrue(c, v1alpha1.ConditionRemovalBlocked)
}

// keptByAnother reports whether another rail than the one for waves keeps the person.
func keptByAnother(u *v1alpha1.User) bool {
	c := meta.FindStatusCondition(u.Status.Conditions, v1alpha1.ConditionRemovalBlocked)
	return c != nil && c.Reason != v1alpha1.ReasonTooManyRemovals
}
