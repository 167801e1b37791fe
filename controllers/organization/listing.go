package organization

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/rails"
)

// portion is how much is read from the ledger or the API at once.
const portion = 1000

// look gathers what a comparison needs. The Users are read after the members, so
// that one that was declared meanwhile is among them.
func (r *Reconciler) look(ctx context.Context, s *scope, at lister) (plan.Facts, error) {
	members, complete, err := listMembers(ctx, at, s.id)
	if err != nil {
		return plan.Facts{}, err
	}
	facts := plan.Facts{Now: r.Clock.Now(), Spec: &s.organization.Spec, Members: members, Complete: complete}
	if facts.Joining, err = r.Ledger.Joining(ctx, s.id); err != nil {
		return plan.Facts{}, fmt.Errorf("list who is about to join: %w", err)
	}
	if facts.Holdings, err = r.holdings(ctx, s); err != nil {
		return plan.Facts{}, err
	}
	if facts.Shared = s.can.Tenancy == directory.TenancyOne; facts.Shared {
		if facts.Admitted, err = r.admitted(ctx, s); err != nil {
			return plan.Facts{}, err
		}
	}
	if facts.Administering, err = r.administering(ctx, s); err != nil {
		return plan.Facts{}, err
	}
	if err := r.count(ctx, s); err != nil {
		return plan.Facts{}, err
	}
	facts.Users = s.users
	return facts, nil
}

// listed says when the listing was made that the status tells of: for the
// IdentityBackend that the organization names, whose status tells it too. Where
// there is none, an unchanged world is not written for that.
func (s *scope) listed(at time.Time) {
	if members := s.organization.Status.Members; members != nil && s.organization.Spec.BackendRef != nil {
		members.ObservedAt = &metav1.Time{Time: at.Truncate(time.Second)}
	}
}

// lister is what of a [directory.Backend] a listing needs.
type lister interface {
	ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error)
}

// listMembers lists all members in one run, and reports whether the backend
// vouches for the whole of it. A run that breaks off is an error: what it has
// seen is worth nothing.
func listMembers(ctx context.Context, at lister, id directory.OrganizationID) ([]directory.ObservedMember, bool, error) {
	var members []directory.ObservedMember
	seen := map[string]bool{}
	for cursor := ""; ; {
		page, err := at.ListMembers(ctx, id, cursor)
		if err != nil {
			return nil, false, fmt.Errorf("list members: %w", err)
		}
		for i := range page.Members {
			// Somebody may move from one page to another while they are read.
			if address := page.Members[i].Address; !seen[address] {
				seen[address] = true
				members = append(members, page.Members[i])
			}
		}
		if page.Next == "" {
			return members, page.Complete, nil
		}
		if page.Next == cursor {
			return nil, false, directory.Errorf(directory.KindInternal, "list members", "a page is followed by itself")
		}
		cursor = page.Next
	}
}

// holdings reads all holdings.
func (r *Reconciler) holdings(ctx context.Context, s *scope) ([]directory.Holding, error) {
	var all []directory.Holding
	for after := ""; ; {
		some, err := r.Ledger.Holdings(ctx, s.id, after, portion)
		if err != nil {
			return nil, fmt.Errorf("list holdings: %w", err)
		}
		all = append(all, some...)
		if len(some) < portion {
			return all, nil
		}
		after = some[len(some)-1].Address
	}
}

// admitted reads the addresses of all admissions.
func (r *Reconciler) admitted(ctx context.Context, s *scope) ([]string, error) {
	var all []string
	for {
		after := ""
		if len(all) > 0 {
			after = all[len(all)-1]
		}
		some, err := r.Ledger.Admissions(ctx, s.id, after, portion)
		if err != nil {
			return nil, fmt.Errorf("list admissions: %w", err)
		}
		for i := range some {
			all = append(all, some[i].Address)
		}
		if len(some) < portion {
			return all, nil
		}
	}
}

// invitations reads the newest invitation of every address.
func (r *Reconciler) invitations(ctx context.Context, s *scope) ([]directory.Invitation, error) {
	var all []directory.Invitation
	for after := ""; ; {
		some, err := r.Ledger.Invitations(ctx, s.id, after, portion)
		if err != nil {
			return nil, fmt.Errorf("list invitations: %w", err)
		}
		all = append(all, some...)
		if len(some) < portion {
			return all, nil
		}
		after = some[len(some)-1].Address
	}
}

// administering names the Roles that administer the organization.
func (r *Reconciler) administering(ctx context.Context, s *scope) (map[string]bool, error) {
	var roles v1alpha1.RoleList
	err := r.Client.List(ctx, &roles, client.InNamespace(s.organization.Namespace),
		client.MatchingFields{index.Organization: s.organization.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	administers, includes := map[string]bool{}, map[string][]string{}
	for i := range roles.Items {
		role := &roles.Items[i]
		administers[role.Name], includes[role.Name] = role.Spec.Administers, role.Spec.Includes
	}
	return rails.Administering(administers, includes), nil
}
