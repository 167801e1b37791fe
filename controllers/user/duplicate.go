package user

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// holder returns the one living User of the Organization that the address
// belongs to, by [declared.Precedence]; but among those that somebody wrote,
// and among those that nobody did, whoever holds it comes first: a User that is
// older, and gets the address of another by an edit, takes nobody's membership.
// u itself counts as living.
func (r *Reconciler) holder(ctx context.Context, u *v1alpha1.User) (*v1alpha1.User, error) {
	same, err := r.sameAddress(ctx, u)
	if err != nil || len(same) == 0 {
		return u, err
	}
	same = append(same, u)
	first := slices.MinFunc(same, declared.Precedence)
	canonical, err := address.Canonical(u.Spec.Email)
	if err != nil {
		return first, nil //nolint:nilerr // it was told before: such a User stalls
	}
	known, err := r.Holdings.Holding(ctx, reference.OrganizationID(u.Namespace, u.Spec.OrganizationRef), canonical)
	if directory.IsKind(err, directory.KindNotFound) {
		return first, nil
	}
	if err != nil {
		return nil, err
	}
	for _, other := range same {
		if other.Name == known.Holder && declared.Made(other) == declared.Made(first) {
			return other, nil
		}
	}
	return first, nil
}

// sameAddress returns the other living Users with the address.
func (r *Reconciler) sameAddress(ctx context.Context, u *v1alpha1.User) ([]*v1alpha1.User, error) {
	var list v1alpha1.UserList
	key := index.PersonKey(u.Spec.OrganizationRef.Name, u.Spec.Email)
	err := r.Client.List(ctx, &list, client.InNamespace(u.Namespace), client.MatchingFields{index.Person: key})
	if err != nil {
		return nil, fmt.Errorf("list users of the address: %w", err)
	}
	var others []*v1alpha1.User
	for i := range list.Items {
		if other := &list.Items[i]; other.UID != u.UID && other.DeletionTimestamp == nil {
			others = append(others, other)
		}
	}
	return others, nil
}

// isSomebodyElses takes back everything that the status said about the person:
// the membership and its invitation are the other User's.
func (s *scope) isSomebodyElses() {
	const message = "Another User has this address; see ReferencesResolved."
	u := s.user
	u.Status.Invitation, u.Status.AcceptedAt, u.Status.JoinedBy, u.Status.MemberID, u.Status.Address = nil, nil, "", "", ""
	s.set(v1alpha1.ConditionPending, metav1.ConditionFalse, v1alpha1.ReasonDuplicateEmail, message)
	s.set(v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonDuplicateEmail, message)
}
