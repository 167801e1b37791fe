package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

func user(name string, conditions ...metav1.Condition) v1alpha1.User {
	return v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 2},
		Spec:       v1alpha1.UserSpec{Email: name + "@example.com"},
		Status:     v1alpha1.UserStatus{Conditions: conditions},
	}
}

func condition(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: "a message", ObservedGeneration: 2}
}

func invited(name string) v1alpha1.User {
	return user(name,
		condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded),
		condition(v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent),
		condition(v1alpha1.ConditionPending, metav1.ConditionTrue, v1alpha1.ReasonAwaitingAcceptance),
		condition(v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonAwaitingAcceptance))
}

// outdated speaks of the generation before.
func outdated(u v1alpha1.User) v1alpha1.User {
	u.Generation++
	return u
}

func counted(total, pending int32) v1alpha1.OrganizationList {
	return v1alpha1.OrganizationList{Items: []v1alpha1.Organization{{
		ObjectMeta: metav1.ObjectMeta{Name: "sunrise"},
		Spec:       v1alpha1.OrganizationSpec{DisplayName: "Sunrise Clinic"},
		Status:     v1alpha1.OrganizationStatus{Users: &v1alpha1.OrganizationCounts{Total: total, Pending: pending, Unassigned: 1}},
	}}}
}

func batches(ready metav1.ConditionStatus) v1alpha1.InviteBatchList {
	return v1alpha1.InviteBatchList{Items: []v1alpha1.InviteBatch{{
		ObjectMeta: metav1.ObjectMeta{Name: "desk", Generation: 2},
		Status: v1alpha1.InviteBatchStatus{
			Conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, ready, v1alpha1.ReasonSucceeded)},
			Outcomes:   &v1alpha1.BatchCounts{Total: 3, Invited: 2, Invalid: 1},
			Refusals: []v1alpha1.Refusal{{
				Source: "emails", Line: 3, Reason: v1alpha1.RefusedInvalid, Message: "there is no @",
			}},
		},
	}}}
}

func TestTable(t *testing.T) {
	c := clinic{
		organizations: counted(3, 2), batches: batches(metav1.ConditionTrue),
		users: v1alpha1.UserList{Items: []v1alpha1.User{invited("grace"), user("new"), invited("ada")}},
	}
	want := `NAME    EMAIL               READY     INVITED    ACCEPTED   REASON
ada     ada@example.com     True      MailSent   False      AwaitingAcceptance
grace   grace@example.com   True      MailSent   False      AwaitingAcceptance
new     new@example.com     Unknown              Unknown    

  organization sunrise: Sunrise Clinic, 3 people, 2 pending, 0 accepted, 1 unassigned
  batch desk: 3 addresses, 2 invited, 0 already a member, 0 duplicate, 1 invalid, 0 waiting
    emails, line 3, Invalid: there is no @
  new is not ready: nobody has looked at it yet
`
	if diff := cmp.Diff(want, c.table()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSettled(t *testing.T) {
	stalled := user("stuck", condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonDuplicateEmail),
		condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonDuplicateEmail))
	tests := map[string]struct {
		reason string
		clinic clinic
		want   bool
	}{
		"Nobody": {
			reason: "nothing has been applied yet",
		},
		"EverybodyInvited": {
			reason: "Ready does not wait for people, and neither do we",
			clinic: clinic{organizations: counted(1, 1), users: v1alpha1.UserList{Items: []v1alpha1.User{invited("ada")}}},
			want:   true,
		},
		"Stalled": {
			reason: "only an edit would help, so waiting does not",
			clinic: clinic{
				organizations: counted(1, 0), batches: batches(metav1.ConditionTrue),
				users: v1alpha1.UserList{Items: []v1alpha1.User{stalled}},
			},
			want: true,
		},
		"Outdated": {
			reason: "the status speaks of what was applied before",
			clinic: clinic{organizations: counted(1, 1), users: v1alpha1.UserList{Items: []v1alpha1.User{outdated(invited("ada"))}}},
		},
		"BatchAtWork": {
			reason: "more Users are to come",
			clinic: clinic{
				organizations: counted(1, 1), batches: batches(metav1.ConditionFalse),
				users: v1alpha1.UserList{Items: []v1alpha1.User{invited("ada")}},
			},
		},
		"NotCounted": {
			reason: "the line of the organization would contradict the table above it",
			clinic: clinic{organizations: counted(1, 0), users: v1alpha1.UserList{Items: []v1alpha1.User{invited("ada")}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.clinic.settled(); got != tt.want {
				t.Errorf("got %t: %s", got, tt.reason)
			}
		})
	}
}
