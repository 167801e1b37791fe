package plan_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/plan"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// facts are what the tests of this package start from: a complete listing of nobody.
func facts(edits ...func(*plan.Facts)) plan.Facts {
	f := plan.Facts{
		Now: now, Complete: true, Administering: map[string]bool{"admin": true},
		Spec: &v1alpha1.OrganizationSpec{Membership: v1alpha1.OrganizationMembership{
			Undeclared: v1alpha1.UndeclaredReport, Drift: v1alpha1.DriftCorrect,
		}},
	}
	for _, edit := range edits {
		edit(&f)
	}
	return f
}

func user(name string, edits ...func(*v1alpha1.User)) v1alpha1.User {
	u := v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.UserSpec{
			Email: name + "@example.com", RemovalPolicy: v1alpha1.RemovalPolicyRemove,
			Invitation: v1alpha1.UserInvitation{Invitation: v1alpha1.Invitation{Delivery: v1alpha1.DeliveryEmail}, Revision: 1},
		},
	}
	for _, edit := range edits {
		edit(&u)
	}
	return u
}

func goes(u *v1alpha1.User) { u.DeletionTimestamp = &metav1.Time{Time: now} }

func titled(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" }

// member is somebody who has been in for a day.
func member(name string, edits ...func(*directory.ObservedMember)) directory.ObservedMember {
	m := directory.ObservedMember{
		ID: "id-" + name, JoinedAt: now.Add(-24 * time.Hour),
		Member: directory.Member{Address: name + "@example.com", State: directory.MemberActive},
	}
	for _, edit := range edits {
		edit(&m)
	}
	return m
}

func outside(m *directory.ObservedMember) {
	m.State, m.JoinedAt = directory.MemberInvited, time.Time{}
}

func disabled(m *directory.ObservedMember) { m.State = directory.MemberDisabled }

func admin(m *directory.ObservedMember) { m.Access.Grants = []directory.Grant{{Role: "admin"}} }

// held is what the User holds, as it was applied last.
func held(t *testing.T, address string, u v1alpha1.User) directory.Holding {
	t.Helper()
	p, err := declared.Of(&u, now)
	if err != nil {
		t.Fatal(err)
	}
	return directory.Holding{Address: address, Holder: u.Name, Applied: p.Fingerprint()}
}

func invited(name string, state directory.InvitationState) directory.Invitation {
	return directory.Invitation{
		ID: "i-" + name, Address: name + "@example.com", Revision: 1, Asked: 1, State: state, Purpose: directory.PurposeJoin,
		ExpiresAt: now.Add(time.Hour), Delivery: directory.DeliveryStatus{State: directory.DeliverySent},
	}
}

// said is entries as tests compare them.
func said(entries []v1alpha1.PlannedEntry) []string {
	all := []string{}
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%s %s%s (%s)", e.Action, e.User, e.MemberID, e.Detail))
	}
	return all
}
