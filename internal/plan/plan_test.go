package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/plan"
)

// What would be done for one person, wherever they stand.
func TestBY5_OnePersonsPlan(t *testing.T) {
	none := func(u *v1alpha1.User) { u.Spec.Invitation.Delivery = v1alpha1.DeliveryNone }
	keptOut := func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }
	moved := func(u *v1alpha1.User) { u.Spec.Email = "new@elsewhere.example" }
	policy := func(p v1alpha1.RemovalPolicy) func(*v1alpha1.User) {
		return func(u *v1alpha1.User) { goes(u); u.Spec.RemovalPolicy = p }
	}
	users := func(edits ...func(*v1alpha1.User)) func(*plan.Facts) {
		return func(f *plan.Facts) { f.Users = []v1alpha1.User{user("ada", edits...)} }
	}
	in := func(edits ...func(*directory.ObservedMember)) func(*plan.Facts) {
		return func(f *plan.Facts) { f.Members = []directory.ObservedMember{member("ada", edits...)} }
	}
	holds := func(edits ...func(*v1alpha1.User)) func(*plan.Facts) {
		return func(f *plan.Facts) {
			f.Holdings = []directory.Holding{held(t, "ada@example.com", user("ada", edits...))}
		}
	}
	letter := func(state directory.InvitationState) func(*plan.Facts) {
		return func(f *plan.Facts) { f.Invitations = []directory.Invitation{invited("ada", state)} }
	}
	drift := func(f *plan.Facts) { f.Spec.Membership.Drift = v1alpha1.DriftReport }
	type with = []func(*plan.Facts)
	for reason, test := range map[string]struct {
		facts with
		want  string
	}{
		"new":                           {with{users()}, "Invite ada ()"},
		"known, not invited":            {with{users(), in(outside)}, "Invite ada ()"},
		"pending":                       {with{users(), in(outside), holds(), letter(directory.InvitationPending)}, ""},
		"pending, edited":               {with{users(titled), in(outside), holds(), letter(directory.InvitationPending)}, "Change ada (profile)"},
		"pending, to be sent again":     {with{users(func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 }), in(outside), holds(), letter(directory.InvitationPending)}, "Invite ada ()"},
		"asked for by hand":             {with{users(func(u *v1alpha1.User) { u.Annotations = map[string]string{v1alpha1.AnnotationResend: "now"} }), in(outside), holds(), letter(directory.InvitationPending)}, "Invite ada ()"},
		"declined":                      {with{users(), in(outside), holds(), letter(directory.InvitationDeclined)}, ""},
		"no invitation wanted":          {with{users(none)}, "Change ada (member)"},
		"no invitation wanted any more": {with{users(none), in(outside), holds(none), letter(directory.InvitationPending)}, "Change ada (invitation)"},
		"accepted":                      {with{users(), in(), holds(), letter(directory.InvitationAccepted)}, ""},
		"accepted, edited":              {with{users(titled), in(), holds(), letter(directory.InvitationAccepted)}, "Change ada (profile)"},
		"accepted, holding lost":        {with{users(), in(), letter(directory.InvitationAccepted)}, ""},
		"drifted":                       {with{users(titled), in(), holds(titled), letter(directory.InvitationAccepted)}, "Change ada (profile)"},
		"drifted, left alone":           {with{users(titled), in(), holds(titled), letter(directory.InvitationAccepted), drift}, ""},
		"there before":                  {with{users(), in()}, "Adopt ada ()"},
		"there before, other":           {with{users(titled), in()}, "Adopt ada (profile)"},
		"adopted":                       {with{users(), in(), holds()}, ""},
		"to be kept out":                {with{users(keptOut), in(), holds()}, "Disable ada ()"},
		"pending, to be kept out":       {with{users(keptOut), in(outside), holds(), letter(directory.InvitationPending)}, "Disable ada ()"},
		"kept out":                      {with{users(keptOut), in(disabled), holds(keptOut)}, ""},
		"unknown, to be kept out":       {with{users(keptOut)}, "Change ada (member)"},
		"access is over":                {with{users(func(u *v1alpha1.User) { u.Spec.AccessUntil = &metav1.Time{Time: now.Add(-time.Hour)} }), in(), holds()}, "Disable ada ()"},
		"to be let in again":            {with{users(), in(disabled), holds(keptOut), letter(directory.InvitationAccepted)}, "Change ada (state)"},
		"never in, to be let in":        {with{users(), in(outside, disabled), holds(keptOut), letter(directory.InvitationRevoked)}, "Change ada (state)"},
		"a new address, in":             {with{users(moved), in(), holds(), letter(directory.InvitationAccepted)}, "Invite ada (address)"},
		"a new address, no mails":       {with{users(moved, none), in(), holds(), letter(directory.InvitationAccepted)}, "Change ada (address)"},
		"a new address, pending":        {with{users(moved), in(outside), holds(), letter(directory.InvitationPending)}, "Invite ada (address)"},
		"suspended":                     {with{users(titled, func(u *v1alpha1.User) { u.Spec.Suspend = true }), in()}, ""},
		"suspended, goes":               {with{users(goes, func(u *v1alpha1.User) { u.Spec.Suspend = true }), in()}, ""},
		"no address":                    {with{users(func(u *v1alpha1.User) { u.Spec.Email = "nobody" })}, ""},
		"goes":                          {with{users(goes), in()}, "Remove ada ()"},
		"goes, under the old address":   {with{users(goes, moved), in(), holds()}, "Remove ada ()"},
		"goes, was never there":         {with{users(goes)}, ""},
		"goes, is disabled":             {with{users(policy(v1alpha1.RemovalPolicyDisable)), in()}, "Disable ada ()"},
		"goes, was disabled":            {with{users(policy(v1alpha1.RemovalPolicyDisable)), in(disabled)}, ""},
		"goes, is retained":             {with{users(policy(v1alpha1.RemovalPolicyRetain)), in()}, ""},
		"goes, and another takes over": {with{func(f *plan.Facts) {
			f.Users = []v1alpha1.User{user("ada", goes), user("countess", func(u *v1alpha1.User) { u.Spec.Email = "ada@example.com" })}
		}, in(), holds()}, ""},
	} {
		got := strings.Join(said(plan.Compare(facts(test.facts...)).Plan()), "; ")
		if got != test.want {
			t.Errorf("%s: %q, want %q", reason, got, test.want)
		}
	}
}

// A plan reads in the order of gravity; whom nobody declares is in it when that
// is wanted, seen completely, and not protected.
func TestBY5_TheWholePlan(t *testing.T) {
	full := func(f *plan.Facts) {
		f.Spec.Membership.Undeclared = v1alpha1.UndeclaredRemove
		f.Spec.Safety.ProtectedEmails = []string{"owner@example.com"}
		f.Users = []v1alpha1.User{
			user("new2"), user("new1"), user("adopted"), user("changed", titled), user("gone", goes), user("out", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }),
		}
		f.Members = []directory.ObservedMember{
			member("zoe"), member("eve"), member("owner"), member("adopted"), member("changed"), member("gone"), member("out"),
		}
		f.Holdings = []directory.Holding{held(t, "changed@example.com", user("changed"))}
	}
	rest := []string{"Disable out ()", "Change changed (profile)", "Adopt adopted ()", "Invite new1 ()", "Invite new2 ()"}
	for reason, test := range map[string]struct {
		facts func(*plan.Facts)
		want  []string
	}{
		"all of it":  {func(*plan.Facts) {}, append([]string{"Remove id-eve ()", "Remove id-zoe ()", "Remove gone ()"}, rest...)},
		"incomplete": {func(f *plan.Facts) { f.Complete = false }, append([]string{"Remove gone ()"}, rest...)},
		"Report":     {func(f *plan.Facts) { f.Spec.Membership.Undeclared = v1alpha1.UndeclaredReport }, append([]string{"Remove gone ()"}, rest...)},
	} {
		entries := plan.Compare(facts(full, test.facts)).Plan()
		if diff := cmp.Diff(test.want, said(entries)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
	got := plan.Summary(plan.Compare(facts(full)).Plan())
	want := &v1alpha1.OrganizationPlan{Invite: 2, Adopt: 1, Change: 1, Disable: 1, Remove: 3, Entries: got.Entries}
	if diff := cmp.Diff(want, got); diff != "" || len(got.Entries) != 8 {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

// A status holds the first fifty, and counts all.
func TestPromise_APlanStaysSmall(t *testing.T) {
	entries := plan.Compare(facts(func(f *plan.Facts) {
		f.Spec.Membership.Undeclared = v1alpha1.UndeclaredRemove
		f.Members = []directory.ObservedMember{member("eve", func(m *directory.ObservedMember) { m.ID = strings.Repeat("é", 300) })}
		for i := range 10_000 {
			f.Users = append(f.Users, user(fmt.Sprintf("p%05d", i)))
		}
	})).Plan()
	got := plan.Summary(entries)
	if got.Invite != 10_000 || len(got.Entries) != 50 || len([]rune(got.Entries[0].MemberID)) != 256 || got.Entries[49].User != "p00048" {
		t.Errorf("%d invited, %d entries, the last %+v", got.Invite, len(got.Entries), got.Entries[len(got.Entries)-1])
	}
}
