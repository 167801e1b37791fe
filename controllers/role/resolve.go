package role

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// maxEffective bounds the permissions that a role can give, so that its status
// stays small.
const maxEffective = 1024

// resolve finds the organization and every role that is included.
func (r *Reconciler) resolve(ctx context.Context, s *scope) phase.Answer {
	org, a := reference.Organization(ctx, r.Client, s.role.Namespace, s.role.Spec.OrganizationRef)
	if a.Word != phase.WordDone {
		return a
	}
	if a := r.include(ctx, s); a.Word != phase.WordDone {
		return a
	}
	backend, err := r.Backends.For(ctx, org.Namespace, org.Spec.BackendRef)
	if err != nil {
		return verdict.Of(err)
	}
	if s.can, err = ability.Of(ctx, backend, org.Spec.BackendRef); err != nil {
		return verdict.Of(err)
	}
	if err := finalizer.Add(ctx, r.Client, s.role, v1alpha1.Finalizer); err != nil {
		return verdict.Of(err)
	}
	s.backend = backend
	return phase.Done(v1alpha1.ReasonSucceeded, "Everything that the spec names exists.")
}

// include collects the permissions of the role and of all that it includes.
func (r *Reconciler) include(ctx context.Context, s *scope) phase.Answer {
	c := &collection{top: s.role, permissions: map[string]bool{}, done: map[string]bool{}}
	if a := r.collect(ctx, c, s.role, nil); a.Word != phase.WordDone {
		return a
	}
	found := c.permissions
	if len(found) > maxEffective {
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
			"The role gives %d permissions with those of included roles, and %d are allowed; include fewer.", len(found), maxEffective))
	}
	s.permissions = make([]string, 0, len(found))
	for p := range found {
		s.permissions = append(s.permissions, p)
	}
	slices.Sort(s.permissions)
	return phase.Done("", "")
}

// collection is what a walk through included roles has gathered.
type collection struct {
	top         *v1alpha1.Role
	permissions map[string]bool
	// done are the names of roles that were walked through, so that one which
	// is included in many ways is walked through once.
	done map[string]bool
}

func (r *Reconciler) collect(ctx context.Context, c *collection, at *v1alpha1.Role, path []string) phase.Answer {
	path = append(slices.Clone(path), at.Name)
	for _, p := range at.Spec.Permissions {
		c.permissions[string(p)] = true
	}
	for _, name := range at.Spec.Includes {
		if slices.Contains(path, name) {
			return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
				"spec.includes leads in a circle: %s; leave one of them out.", strings.Join(append(path, name), ", ")))
		}
		if c.done[name] {
			continue
		}
		included, a := r.included(ctx, c.top, name)
		if a.Word != phase.WordDone {
			return a
		}
		if a := r.collect(ctx, c, included, path); a.Word != phase.WordDone {
			return a
		}
	}
	c.done[at.Name] = true
	return phase.Done("", "")
}

func (r *Reconciler) included(ctx context.Context, top *v1alpha1.Role, name string) (*v1alpha1.Role, phase.Answer) {
	role := &v1alpha1.Role{}
	missing, a := reference.Get(ctx, r.Client, client.ObjectKey{Namespace: top.Namespace, Name: name}, role, "Role")
	switch {
	case a.Word != phase.WordDone:
		return nil, a
	case missing || role.Spec.OrganizationRef != top.Spec.OrganizationRef:
		return nil, reference.Missing("Role", name)
	case top.Spec.Level == v1alpha1.RoleLevelBusinessUnit && role.Spec.Level != v1alpha1.RoleLevelBusinessUnit:
		return nil, phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
			"Role %q is of level Organization and cannot be included in one of level BusinessUnit; raise this role's level or leave it out.", name))
	}
	return role, a
}
