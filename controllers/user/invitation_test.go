package user_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const ada = "ada@example.com"

// Wherever a person can stand, all conditions say so, and none says more.
func TestBY2_EveryStanding(t *testing.T) {
	const (
		ready, invited, isPending, accepted = v1alpha1.ConditionReady, v1alpha1.ConditionInvited, v1alpha1.ConditionPending, v1alpha1.ConditionAccepted
		reconciling, stalled                = v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled
	)
	hold := func(w *world) {
		o := directory.Organization{ID: stage.OrganizationID(), DisplayName: "Sunrise Clinic", UnknownDelivery: directory.UnknownHold}
		if err := w.Ledger.ApplyOrganization(w.Context(), o); err != nil {
			w.Fatal(err)
		}
	}
	answered := func(result directory.DeliveryResult, reason string) func(*world) {
		return func(w *world) {
			w.look("ada")
			w.Deliver(result, reason)
		}
	}
	later := func(w *world) { w.Clock.Step(week + time.Second) }
	for name, test := range map[string]struct {
		reason   string
		delivery v1alpha1.InvitationDelivery
		given    []func(*world)
		want     map[string]string
	}{
		"applied": {
			"the mail waits for the outbox", v1alpha1.DeliveryEmail, nil,
			pending(ready, "False MailQueued", reconciling, "True Progressing", invited, "False MailQueued"),
		},
		"sent": {
			"Ready does not wait for the person", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultSent, "")},
			pending(),
		},
		"tried again": {
			"the mail server was away", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultRetry, "connection refused")},
			pending(ready, "False MailUnavailable", reconciling, "True Progressing", invited, "False MailUnavailable"),
		},
		"rejected": {
			"only an edit helps", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultRejected, "550 no such user")},
			pending(ready, "False MailRejected", stalled, "True MailRejected", invited, "False MailRejected"),
		},
		"unknown, held": {
			"only a human can know", v1alpha1.DeliveryEmail,
			[]func(*world){hold, answered(directory.ResultUnknown, "connection lost")},
			pending(ready, "False DeliveryUnknown", stalled, "True DeliveryUnknown", invited, "False DeliveryUnknown"),
		},
		"unknown, sent again": {
			"the ledger has queued it once more", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultUnknown, "connection lost")},
			pending(ready, "False MailUnavailable", reconciling, "True Progressing", invited, "False MailUnavailable"),
		},
		"accepted": {
			"the person is in", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultSent, ""), func(w *world) { w.Accept(ada, "Ada") }},
			in(),
		},
		"accepted before the mail was taken": {
			"the link was shown some other way", v1alpha1.DeliveryEmail,
			[]func(*world){func(w *world) { w.look("ada"); w.Accept(ada, "Ada") }},
			in(),
		},
		"declined": {
			"a no stays a no, and nothing is left to do", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultSent, ""), func(w *world) { w.Decline(ada) }},
			pending(isPending, "False Declined", accepted, "False Declined"),
		},
		"expired": {
			"time ran out, and nothing is left to do", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultSent, ""), later},
			pending(isPending, "False Expired", accepted, "False Expired"),
		},
		"expired before it was sent": {
			"nobody can have followed the link", v1alpha1.DeliveryEmail,
			[]func(*world){func(w *world) { w.look("ada") }, later},
			pending(ready, "False MailUnavailable", stalled, "True MailUnavailable", invited, "False MailUnavailable",
				isPending, "False Expired", accepted, "False Expired"),
		},
		"expired after it was rejected": {
			"nobody can have followed the link", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultRejected, "550 no such user"), later},
			pending(ready, "False MailUnavailable", stalled, "True MailUnavailable", invited, "False MailUnavailable",
				isPending, "False Expired", accepted, "False Expired"),
		},
		"expired, and nobody knows": {
			"that the mail was taken is not known, so it is not said", v1alpha1.DeliveryEmail,
			[]func(*world){hold, answered(directory.ResultUnknown, "connection lost"), later},
			pending(ready, "False DeliveryUnknown", stalled, "True DeliveryUnknown", invited, "False DeliveryUnknown",
				isPending, "False Expired", accepted, "False Expired"),
		},
		"gone": {
			"somebody removed them behind our back", v1alpha1.DeliveryEmail,
			[]func(*world){
				answered(directory.ResultSent, ""), func(w *world) { w.Accept(ada, "Ada"); w.look("ada"); w.evict(ada) },
			},
			pending(isPending, "False Revoked", accepted, "False Revoked"),
		},
		"adopted": {
			"the person was in before; nobody is invited", v1alpha1.DeliveryEmail,
			[]func(*world){func(w *world) { w.settle(ada) }},
			in(accepted, "True AdoptedExistingMember"),
		},
		"let in by other means": {
			"what was pending is taken back", v1alpha1.DeliveryEmail,
			[]func(*world){answered(directory.ResultSent, ""), func(w *world) { w.activate(ada) }},
			in(accepted, "True AdoptedExistingMember"),
		},
		"not to be invited": {
			"recorded, and not in", v1alpha1.DeliveryNone, nil,
			pending(invited, "True NotRequired", isPending, "False NotInvited", accepted, "False NotInvited"),
		},
		"link": {"the link is in the Secret", v1alpha1.DeliveryLink, nil, pending(invited, "True LinkPublished")},
		"link, expired": {
			"the link is gone", v1alpha1.DeliveryLink,
			[]func(*world){func(w *world) { w.look("ada") }, later},
			pending(invited, "True LinkPublished", isPending, "False Expired", accepted, "False Expired"),
		},
		"link and mail": {"both", v1alpha1.DeliveryEmailAndLink, []func(*world){answered(directory.ResultSent, "")}, pending()},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada", delivering(test.delivery)))
			for _, given := range test.given {
				given(w)
			}
			w.look("ada")
			w.wantConditions("ada", test.reason, test.want)
		})
	}
}

// settle makes somebody a member by other means than ours, before we look.
func (w *world) settle(address string) {
	w.Helper()
	_, err := w.Memory.ApplyMember(w.Context(), directory.Member{
		Organization: stage.OrganizationID(), Address: address, State: directory.MemberActive,
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) activate(address string) {
	w.Helper()
	if err := w.Memory.Activate(w.Context(), stage.OrganizationID(), address, ""); err != nil {
		w.Fatal(err)
	}
}

// evict takes somebody out of the backend behind our back.
func (w *world) evict(address string) {
	w.Helper()
	if err := w.Memory.RemoveMember(w.Context(), stage.OrganizationID(), address, directory.RemovalDrop); err != nil {
		w.Fatal(err)
	}
}

// E-mail is all that is needed; everything else can follow later.
func TestHR2_AnAddressIsEnough(t *testing.T) {
	w := newWorld(t, &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "ada"},
		Spec:       v1alpha1.UserSpec{OrganizationRef: v1alpha1.LocalReference{Name: testkit.Clinic}, Email: "Ada@Example.com"},
	})
	w.sent("ada")
	w.wantConditions("ada", "an address is enough", pending())
	w.Accept(ada, "Ada Lovelace")
	w.look("ada")
	w.wantConditions("ada", "the person is in", in())
	m, _ := w.member(ada)
	u := w.get("ada")
	if u.Status.MemberID != m.ID || m.ID == "" {
		t.Errorf("memberID %q, want the backend's %q", u.Status.MemberID, m.ID)
	}
	if got := u.Status.AcceptedAt; got == nil || !got.Time.Equal(m.JoinedAt) || u.Status.JoinedBy != v1alpha1.JoinedByInvitation {
		t.Errorf("accepted at %v by %q, want at %v by invitation", got, u.Status.JoinedBy, m.JoinedAt)
	}

	w.edit("ada", func(u *v1alpha1.User) {
		u.Spec.Profile = v1alpha1.Profile{DisplayName: "Ada King", Title: "Countess", Attributes: map[string]v1alpha1.AttributeValue{"desk": "7"}}
	})
	w.look("ada")
	w.wantConditions("ada", "a name that follows later takes nobody out", in())
	m, _ = w.member(ada)
	want := directory.Profile{DisplayName: "Ada King", Title: "Countess", Attributes: map[string]string{"desk": "7"}}
	if diff := cmp.Diff(want, m.Profile); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
}

// When somebody came in is told as long as they are in.
func TestBY2_AcceptedAtGoesWithThePerson(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Accept(ada, "Ada")
	w.look("ada")
	if got := w.get("ada").Status; got.AcceptedAt == nil || got.JoinedBy != v1alpha1.JoinedByInvitation {
		t.Errorf("accepted at %v by %q", got.AcceptedAt, got.JoinedBy)
	}
	w.evict(ada)
	w.look("ada")
	if got := w.get("ada").Status; got.AcceptedAt != nil || got.JoinedBy != "" {
		t.Errorf("accepted at %v by %q, and the person is not in", got.AcceptedAt, got.JoinedBy)
	}
}

// What is told about the newest invitation is what the ledger knows.
func TestBY2_InvitationStatus(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	began := w.Clock.Now()
	w.look("ada")
	expires := metav1.NewTime(began.Add(week))
	wantInvitation(t, w, "queued", &v1alpha1.UserInvitationStatus{Revision: 1, Asked: 1, ExpiresAt: &expires})
	w.Clock.Step(time.Minute)
	w.Deliver(directory.ResultRetry, "451 later")
	w.look("ada")
	wantInvitation(t, w, "tried", &v1alpha1.UserInvitationStatus{Revision: 1, Asked: 1, Attempts: 1, ExpiresAt: &expires})
	w.Clock.Step(time.Hour)
	sent := metav1.NewTime(w.Clock.Now())
	w.Deliver(directory.ResultSent, "")
	w.look("ada")
	wantInvitation(t, w, "sent", &v1alpha1.UserInvitationStatus{Revision: 1, Asked: 1, Attempts: 2, SentAt: &sent, ExpiresAt: &expires})

	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 5 })
	again := metav1.NewTime(w.Clock.Now().Add(week))
	w.look("ada")
	wantInvitation(t, w, "asked again", &v1alpha1.UserInvitationStatus{Revision: 2, Asked: 5, ExpiresAt: &again})
	w.edit("ada", delivering(v1alpha1.DeliveryNone))
	w.look("ada")
	wantInvitation(t, w, "taken back", nil)
}

func wantInvitation(t *testing.T, w *world, reason string, want *v1alpha1.UserInvitationStatus) {
	t.Helper()
	if diff := cmp.Diff(want, w.get("ada").Status.Invitation); diff != "" {
		t.Errorf("%s: status.invitation (-want +got):\n%s", reason, diff)
	}
}

// How long a link is good for: the User says, else the Organization, else a week.
func TestBY10_ExpiresAfter(t *testing.T) {
	hours := func(n int) *metav1.Duration { return &metav1.Duration{Duration: time.Duration(n) * time.Hour} }
	for name, test := range map[string]struct {
		user, organization *metav1.Duration
		want               time.Duration
	}{
		"nobody":       {nil, nil, week},
		"organization": {nil, hours(2), 2 * time.Hour},
		"user":         {hours(1), hours(2), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := emptyWorld(t)
			w.Provide(testkit.Organization(func(o *v1alpha1.Organization) { o.Spec.Invitations.ExpiresAfter = test.organization }))
			w.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Spec.Invitation.ExpiresAfter = test.user }))
			w.look("ada")
			i, _ := w.invitation(ada)
			if got := i.ExpiresAt.Sub(w.Clock.Now()); got != test.want {
				t.Errorf("good for %s, want %s", got, test.want)
			}
		})
	}
}

// When time alone changes what is told, somebody looks at that time, also while
// the User is stalled and nothing else would ever lead to a look.
func TestBY2_ExpiryIsSeenInTime(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		result directory.DeliveryResult
		hold   directory.UnknownDelivery
	}{
		"sent":          {"the person lets the time run out", directory.ResultSent, directory.UnknownResendOnce},
		"rejected":      {"nobody edits the User", directory.ResultRejected, directory.UnknownResendOnce},
		"unknown, held": {"nobody edits the User", directory.ResultUnknown, directory.UnknownHold},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada", func(u *v1alpha1.User) {
				u.Spec.Invitation.ExpiresAfter = &metav1.Duration{Duration: time.Hour}
			}))
			o := directory.Organization{ID: stage.OrganizationID(), UnknownDelivery: test.hold}
			if err := w.Ledger.ApplyOrganization(w.Context(), o); err != nil {
				t.Fatal(err)
			}
			w.look("ada")
			w.Deliver(test.result, "")
			again := w.look("ada").RequeueAfter
			if again <= 0 || again > time.Hour {
				t.Fatalf("%s: looks again after %s, want when the link expires", test.reason, again)
			}
			w.Clock.Step(again)
			w.look("ada")
			w.wantCondition("ada", v1alpha1.ConditionPending, "False Expired")
		})
	}
}

// Asking again after any end starts anew, without any clean-up.
func TestBY2_InvitedAgainAfterAnyEnd(t *testing.T) {
	for name, end := range map[string]func(*world){
		"declined": func(w *world) { w.sent("ada"); w.Decline(ada) },
		"expired":  func(w *world) { w.sent("ada"); w.Clock.Step(week) },
		"unsent":   func(w *world) { w.look("ada"); w.Clock.Step(week) },
		"rejected": func(w *world) { w.look("ada"); w.Deliver(directory.ResultRejected, "550 no such user") },
		"gone":     func(w *world) { w.sent("ada"); w.Accept(ada, "Ada"); w.look("ada"); w.evict(ada) },
		"resent":   func(w *world) { w.sent("ada") },
		"unwanted": func(w *world) {
			w.sent("ada")
			w.edit("ada", delivering(v1alpha1.DeliveryNone))
			w.look("ada")
			w.edit("ada", delivering(v1alpha1.DeliveryEmail))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			end(w)
			w.look("ada")
			w.Clock.Step(time.Hour)
			w.edit("ada", func(u *v1alpha1.User) { u.Spec.Invitation.Revision++ })
			w.sent("ada")
			w.wantConditions("ada", "invited again", pending())
			w.Accept(ada, "Ada")
			w.look("ada")
			w.wantConditions("ada", "and in", in())
		})
	}
}

// A re-send that comes too soon waits; what was sent before stays valid, and the
// status goes on telling of it.
func TestBY2_TooSoonKeepsWhatIsThere(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	before := w.get("ada").Status.Invitation
	link := w.Link(ada)
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Invitation.Revision = 2 })
	again := w.look("ada").RequeueAfter
	w.wantConditions("ada", "it is still the person's turn", pending(
		v1alpha1.ConditionReady, "False RateLimited", v1alpha1.ConditionReconciling, "True Progressing",
		v1alpha1.ConditionInvited, "False RateLimited"))
	if diff := cmp.Diff(before, w.get("ada").Status.Invitation); diff != "" {
		t.Errorf("status.invitation (-want +got):\n%s", diff)
	}
	if got := w.Link(ada); got != link {
		t.Error("the link that was sent is dead, and no other was issued")
	}
	if again <= 0 || again > 6*time.Minute {
		t.Fatalf("looks again after %s, want when it is allowed", again)
	}
	w.Clock.Step(again)
	w.sent("ada")
	w.wantConditions("ada", "sent again as soon as it is allowed", pending())
	if got := w.get("ada").Status.Invitation.Revision; got != 2 || w.Link(ada) == link {
		t.Errorf("revision %d with the link changed: %t; want 2 with another link", got, w.Link(ada) != link)
	}
}

// While the invitation is pending its role changes: the same link, the new
// details on it, no second mail.
func TestHR5a_RoleChangedWhilePending(t *testing.T) {
	w := newWorld(t)
	w.Provide(testkit.Role("clinician", func(r *v1alpha1.Role) { r.Spec.DisplayName = "Clinician" }), testkit.Role("manager"))
	w.Provide(testkit.BusinessUnit("north", func(u *v1alpha1.BusinessUnit) { u.Spec.DisplayName = "North Practice" }))
	w.Apply(testkit.User("ada", withRoles(v1alpha1.RoleGrant{Name: "clinician"}), withUnits("north"), func(u *v1alpha1.User) {
		u.Spec.Profile.DisplayName, u.Spec.Profile.Locale, u.Spec.Invitation.Message = "Ada", "de", "Welcome!"
	}))
	w.sent("ada")
	link := w.Link(ada)
	details := directory.InvitationDetails{
		OrganizationName: "Sunrise Clinic", DisplayName: "Ada", Roles: []string{"Clinician"}, Units: []string{"North Practice"},
		Message: "Welcome!", Locale: "de",
	}
	wantDetails(t, w, "as declared", details)

	w.edit("ada", withRoles(v1alpha1.RoleGrant{Name: "manager"}, v1alpha1.RoleGrant{Name: "clinician"}))
	w.look("ada")
	details.Roles = []string{"Clinician", "manager"}
	wantDetails(t, w, "the roles of now, sorted, by their names", details)
	stage.Edit(w.Stage, "clinician", func(r *v1alpha1.Role) { r.Spec.DisplayName = "Therapist" })
	w.look("ada")
	details.Roles = []string{"Therapist", "manager"}
	wantDetails(t, w, "the role's name of now", details)
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Roles, u.Spec.BusinessUnits = []v1alpha1.RoleGrant{}, []string{} })
	w.look("ada")
	details.Roles, details.Units = nil, nil
	wantDetails(t, w, "none of now", details)

	w.wantConditions("ada", "still pending", pending())
	if w.Link(ada) != link {
		t.Error("the link has changed")
	}
	if n := w.Deliver(directory.ResultSent, ""); n != 0 {
		t.Errorf("%d more mails, want none", n)
	}
	if got := w.get("ada").Status.Invitation; got.Revision != 1 || got.Attempts != 1 {
		t.Errorf("revision %d after %d attempts, want the first after one", got.Revision, got.Attempts)
	}
}

func wantDetails(t *testing.T, w *world, reason string, want directory.InvitationDetails) {
	t.Helper()
	i, _ := w.invitation(ada)
	if diff := cmp.Diff(want, i.Details); diff != "" {
		t.Errorf("%s: what the person is told (-want +got):\n%s", reason, diff)
	}
}

// Whoever accepts while a reconcile is under way is in, and is never told to
// have been removed.
func TestPromise_AcceptedDuringAReconcile(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Events()
	withdraw := w.Inviter.Inject(stage.InviterFault{Step: stage.StepInvitation, Meanwhile: func() { w.Accept(ada, "Ada") }})
	w.look("ada")
	withdraw()
	w.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
	w.wantCondition("ada", v1alpha1.ConditionPending, "False Accepted")
	if w.get("ada").Status.AcceptedAt == nil {
		t.Error("it is not told when")
	}
	for _, e := range w.Events() {
		if strings.Contains(e, v1alpha1.ReasonRevoked) {
			t.Errorf("event %q, and nobody was removed", e)
		}
	}
	w.look("ada")
	w.wantConditions("ada", "the next look", in())
}

// Text from outside passes through unharmed, and harms nothing.
func TestPromise_HostileNames(t *testing.T) {
	for name, text := range map[string]string{
		"html":        `<script>alert("1")</script>&amp;`,
		"bidi":        "Ada \u202eecalevoL",
		"four bytes":  "Ada 🧮 \U0001F469\u200d\U0001F4BB",
		"format":      "%s %d %!(EXTRA)",
		"quotes":      `"Ada" 'Lovelace' \ /i/`,
		"combining":   "A\u030ada\u0301\u0301\u0301",
		"line breaks": "Ada\r\nBcc: eve@example.com",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Provide(testkit.Role("clinician", func(r *v1alpha1.Role) { r.Spec.DisplayName = text }))
			w.Apply(testkit.User("ada", withRoles(v1alpha1.RoleGrant{Name: "clinician"}), func(u *v1alpha1.User) {
				u.Spec.Profile.DisplayName, u.Spec.Invitation.Message = text, text
			}))
			w.sent("ada")
			w.wantConditions("ada", "a name is a name", pending())
			wantDetails(t, w, "as written", directory.InvitationDetails{
				OrganizationName: "Sunrise Clinic", DisplayName: text, Roles: []string{text}, Message: text,
			})
			w.Writes()
			w.look("ada")
			if writes := w.Writes(); len(writes) > 0 {
				t.Errorf("wrote %v at a second look", writes)
			}
		})
	}
}
