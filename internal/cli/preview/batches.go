package preview

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// fromBatches are the Users that batches would make, beside those that are there.
func (f Facts) fromBatches(users []v1alpha1.User) []v1alpha1.User {
	taken := map[string]bool{}
	for i := range users {
		if canonical, err := address.Canonical(users[i].Spec.Email); err == nil && users[i].DeletionTimestamp == nil {
			taken[canonical] = true
		}
	}
	var made []v1alpha1.User
	for _, b := range f.batches() {
		for _, e := range entriesOf(b) {
			canonical := e.Address.String()
			if e.Err != nil || taken[canonical] {
				continue
			}
			taken[canonical] = true
			made = append(made, f.made(fromEntry(b, e)))
		}
	}
	return made
}

func (f Facts) batches() []*v1alpha1.InviteBatch {
	var batches []*v1alpha1.InviteBatch
	for _, o := range f.after() {
		if b, ok := o.(*v1alpha1.InviteBatch); ok {
			batches = append(batches, b)
		}
	}
	slices.SortFunc(batches, func(a, b *v1alpha1.InviteBatch) int { return cmp.Compare(a.Name, b.Name) })
	return batches
}

func entriesOf(b *v1alpha1.InviteBatch) []address.Entry {
	var entries []address.Entry
	for _, text := range b.Spec.Emails {
		entries = append(entries, address.ParseEntry(text))
	}
	return append(entries, address.ParseList(b.Spec.EmailsText)...)
}

func fromEntry(b *v1alpha1.InviteBatch, e address.Entry) *v1alpha1.User {
	t := b.Spec.Template
	return &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: b.Namespace, Name: reference.UserName(b.Spec.OrganizationRef.Name, e.Address.String()),
			Labels: map[string]string{v1alpha1.LabelBatch: b.Name},
		},
		Spec: v1alpha1.UserSpec{
			OrganizationRef: b.Spec.OrganizationRef, Email: e.Address.String(), Profile: v1alpha1.Profile{DisplayName: e.Name},
			Roles: t.Roles, BusinessUnits: t.BusinessUnits,
			Invitation:    v1alpha1.UserInvitation{Invitation: t.Invitation, Revision: 1},
			RemovalPolicy: t.RemovalPolicy,
		},
	}
}
