package index

import (
	"context"
	"fmt"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
)

const (
	// Organization finds what names an Organization: BusinessUnits, Roles,
	// Users, InviteBatches and InviteLinks.
	Organization = "organization"
	// Backend finds the Organizations that name an IdentityBackend.
	Backend = "backend"
	// Person finds the Users of a person; see [PersonKey].
	Person = "person"
	// Role finds the Users and InviteLinks that name a Role.
	Role = "role"
	// BusinessUnit finds the Users and InviteLinks that name a BusinessUnit.
	BusinessUnit = "businessUnit"
)

// PersonKey is the index key of an address in an Organization. The address is
// compared in canonical form, or in lower case when it has none.
func PersonKey(organization, email string) string {
	canonical, err := address.Canonical(email)
	if err != nil {
		canonical = strings.ToLower(strings.TrimSpace(email))
	}
	return organization + "\n" + canonical
}

// Register adds all indexes to the cache.
func Register(ctx context.Context, f client.FieldIndexer) error {
	for _, i := range []struct {
		object client.Object
		field  string
		values client.IndexerFunc
	}{
		{&v1alpha1.Organization{}, Backend, backendOf},
		{&v1alpha1.BusinessUnit{}, Organization, organizationOf},
		{&v1alpha1.Role{}, Organization, organizationOf},
		{&v1alpha1.User{}, Organization, organizationOf},
		{&v1alpha1.InviteBatch{}, Organization, organizationOf},
		{&v1alpha1.User{}, Person, personOf},
		{&v1alpha1.User{}, Role, RolesOf},
		{&v1alpha1.User{}, BusinessUnit, BusinessUnitsOf},
		{&v1alpha1.InviteLink{}, Organization, organizationOf},
		{&v1alpha1.InviteLink{}, Role, RolesOf},
		{&v1alpha1.InviteLink{}, BusinessUnit, BusinessUnitsOf},
	} {
		if err := f.IndexField(ctx, i.object, i.field, i.values); err != nil {
			return fmt.Errorf("index %T by %s: %w", i.object, i.field, err)
		}
	}
	return nil
}

func backendOf(o client.Object) []string {
	if org, ok := o.(*v1alpha1.Organization); ok && org.Spec.BackendRef != nil {
		return []string{org.Spec.BackendRef.Name}
	}
	return nil
}

func organizationOf(o client.Object) []string {
	switch o := o.(type) {
	case *v1alpha1.BusinessUnit:
		return []string{o.Spec.OrganizationRef.Name}
	case *v1alpha1.Role:
		return []string{o.Spec.OrganizationRef.Name}
	case *v1alpha1.User:
		return []string{o.Spec.OrganizationRef.Name}
	case *v1alpha1.InviteBatch:
		return []string{o.Spec.OrganizationRef.Name}
	case *v1alpha1.InviteLink:
		return []string{o.Spec.OrganizationRef.Name}
	default:
		return nil
	}
}

func personOf(o client.Object) []string {
	if u, ok := o.(*v1alpha1.User); ok {
		return []string{PersonKey(u.Spec.OrganizationRef.Name, u.Spec.Email)}
	}
	return nil
}

// RolesOf are the names of the Roles that a User, or the template of an
// InviteLink, names.
func RolesOf(o client.Object) []string {
	grants, _ := access(o)
	names := make([]string, 0, len(grants))
	for _, g := range grants {
		names = append(names, g.Name)
	}
	return names
}

// BusinessUnitsOf are the names of the BusinessUnits that a User, or the
// template of an InviteLink, names, with those in which a role is granted: both
// kinds of naming wait for the unit.
func BusinessUnitsOf(o client.Object) []string {
	grants, units := access(o)
	names := append([]string{}, units...)
	for _, g := range grants {
		if g.BusinessUnit != "" {
			names = append(names, g.BusinessUnit)
		}
	}
	return names
}

// access is what an object gives to people.
func access(o client.Object) ([]v1alpha1.RoleGrant, []string) {
	switch o := o.(type) {
	case *v1alpha1.User:
		return o.Spec.Roles, o.Spec.BusinessUnits
	case *v1alpha1.InviteLink:
		return o.Spec.Template.Roles, o.Spec.Template.BusinessUnits
	default:
		return nil, nil
	}
}

// BatchOf is the name of the InviteBatch that made a User, if one did.
func BatchOf(o client.Object) []string {
	if name := o.GetLabels()[v1alpha1.LabelBatch]; name != "" {
		return []string{name}
	}
	return nil
}

// LinkOf is the name of the InviteLink that a User came by, if one did.
func LinkOf(o client.Object) []string {
	if name := o.GetLabels()[v1alpha1.LabelLink]; name != "" {
		return []string{name}
	}
	return nil
}
