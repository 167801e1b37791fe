package cli

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// known is what the cluster has of an organization.
type known struct {
	users []v1alpha1.User
	// roles and units are those that people can be given, by name.
	roles map[string]*v1alpha1.Role
	units map[string]*v1alpha1.BusinessUnit
}

func (c *cluster) known(ctx context.Context, organization string) (*known, error) {
	k := &known{roles: map[string]*v1alpha1.Role{}, units: map[string]*v1alpha1.BusinessUnit{}}
	var err error
	if k.users, err = c.users(ctx, organization); err != nil {
		return nil, err
	}
	var roles v1alpha1.RoleList
	if err := c.List(ctx, &roles, client.InNamespace(c.namespace)); err != nil {
		return nil, err
	}
	for i := range roles.Items {
		if r := &roles.Items[i]; r.Spec.OrganizationRef.Name == organization {
			k.roles[r.Name] = r
		}
	}
	var units v1alpha1.BusinessUnitList
	if err := c.List(ctx, &units, client.InNamespace(c.namespace)); err != nil {
		return nil, err
	}
	for i := range units.Items {
		if u := &units.Items[i]; u.Spec.OrganizationRef.Name == organization {
			k.units[u.Name] = u
		}
	}
	return k, nil
}
