package cli

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/lint"
	"github.com/rollcall-dev/rollcall/internal/cli/preview"
)

// everything are all objects of our kinds in the namespace.
func (c *cluster) everything(ctx context.Context) (map[preview.Key]client.Object, error) {
	all := map[preview.Key]client.Object{}
	for _, list := range []client.ObjectList{
		&v1alpha1.OrganizationList{}, &v1alpha1.BusinessUnitList{}, &v1alpha1.RoleList{},
		&v1alpha1.UserList{}, &v1alpha1.InviteBatchList{}, &v1alpha1.InviteLinkList{},
	} {
		if err := c.List(ctx, list, client.InNamespace(c.namespace)); err != nil {
			return nil, err
		}
		for _, o := range items(list) {
			all[preview.Key{Kind: kindOf(o), Name: o.GetName()}] = o
		}
	}
	return all, nil
}

func items(list client.ObjectList) []client.Object {
	var all []client.Object
	switch l := list.(type) {
	case *v1alpha1.OrganizationList:
		all = pointers(l.Items, func(o *v1alpha1.Organization) client.Object { return o })
	case *v1alpha1.BusinessUnitList:
		all = pointers(l.Items, func(o *v1alpha1.BusinessUnit) client.Object { return o })
	case *v1alpha1.RoleList:
		all = pointers(l.Items, func(o *v1alpha1.Role) client.Object { return o })
	case *v1alpha1.UserList:
		all = pointers(l.Items, func(o *v1alpha1.User) client.Object { return o })
	case *v1alpha1.InviteBatchList:
		all = pointers(l.Items, func(o *v1alpha1.InviteBatch) client.Object { return o })
	case *v1alpha1.InviteLinkList:
		all = pointers(l.Items, func(o *v1alpha1.InviteLink) client.Object { return o })
	}
	return all
}

func pointers[T any](items []T, object func(*T) client.Object) []client.Object {
	all := make([]client.Object, 0, len(items))
	for i := range items {
		all = append(all, object(&items[i]))
	}
	return all
}

func declaredIn(set *lint.Set, namespace string) map[preview.Key]client.Object {
	declared := map[preview.Key]client.Object{}
	for _, o := range lint.All[client.Object](set) {
		if o.GetNamespace() == namespace {
			declared[preview.Key{Kind: kindOf(o), Name: o.GetName()}] = o
		}
	}
	return declared
}

func ofOrganization(all map[preview.Key]client.Object, name string) map[preview.Key]client.Object {
	ours := map[preview.Key]client.Object{}
	for key, o := range all {
		if organizationOf(key, o) == name {
			ours[key] = o
		}
	}
	return ours
}

// organizationOf names the organization that an object is of; "" for none.
func organizationOf(key preview.Key, o client.Object) string {
	switch o := o.(type) {
	case *v1alpha1.Organization:
		return key.Name
	case *v1alpha1.BusinessUnit:
		return o.Spec.OrganizationRef.Name
	case *v1alpha1.Role:
		return o.Spec.OrganizationRef.Name
	case *v1alpha1.User:
		return o.Spec.OrganizationRef.Name
	case *v1alpha1.InviteBatch:
		return o.Spec.OrganizationRef.Name
	case *v1alpha1.InviteLink:
		return o.Spec.OrganizationRef.Name
	}
	return ""
}
