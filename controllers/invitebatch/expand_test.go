package invitebatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

func configMap(name, key, text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: name}, Data: map[string]string{key: text}}
}

func fromConfigMap(name, key string) *v1alpha1.EmailSource {
	return &v1alpha1.EmailSource{ConfigMapKeyRef: &v1alpha1.KeyReference{Name: name, Key: key}}
}

// Every form in which people paste addresses, together: an outcome for each
// entry, with its place when it was refused.
func TestHR8_BY3_EveryFormTogether(t *testing.T) {
	w := newWorld(t, testkit.User("grace"), configMap("people", "list", "c1@example.com\n\n\"Hopper, Grace\" <GRACE@example.com>\nADA@example.com\nnobody"))
	w.Apply(batch([]string{"a1@example.com", "Ada Lovelace <ada@example.com>", "a@b"}, func(b *v1alpha1.InviteBatch) {
		b.Spec.EmailsText = "b1@example.com, b2@example.com; not an address\na1@EXAMPLE.com,,\nb3@müller.example"
		b.Spec.EmailsFrom = fromConfigMap("people", "list")
		b.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}}
		b.Spec.Template.BusinessUnits = []string{"north"}
		b.Spec.Template.Invitation.Message = "Welcome!"
	}))
	w.look()
	w.wantCounts("each entry once", v1alpha1.BatchCounts{Total: 12, Invited: 6, AlreadyMember: 1, Duplicate: 2, Invalid: 3})
	want := []string{"emails 3 Invalid", "emailsText 1 Invalid", "emailsText 2 Duplicate", "emailsFrom 4 Duplicate", "emailsFrom 5 Invalid"}
	if diff := cmp.Diff(want, w.refusals()); diff != "" {
		t.Errorf("refusals, in their order (-want +got):\n%s", diff)
	}
	for _, r := range w.batch().Status.Refusals {
		if r.Message == "" || len(r.Message) > 512 {
			t.Errorf("refusal of line %d says %q", r.Line, r.Message)
		}
	}
	if got := w.batch().Status.Refusals[2].Message; got != "stands before, in emails line 1" {
		t.Errorf("the duplicate says %q, want where it stands first", got)
	}
	w.wantConditions("all have an outcome", map[string]string{
		v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionReferencesResolved: "True Succeeded",
		v1alpha1.ConditionExpanded: "True AddressesRefused", v1alpha1.ConditionCompleted: "False AwaitingPeople",
	})
	ada := w.user("ada@example.com")
	wantSpec := v1alpha1.UserSpec{
		OrganizationRef: v1alpha1.LocalReference{Name: testkit.Clinic}, Email: "ada@example.com",
		Profile: v1alpha1.Profile{DisplayName: "Ada Lovelace"},
		Roles:   []v1alpha1.RoleGrant{{Name: "clinician"}}, BusinessUnits: []string{"north"},
		Invitation: v1alpha1.UserInvitation{
			Invitation: v1alpha1.Invitation{Delivery: v1alpha1.DeliveryEmail, Message: "Welcome!"}, Revision: 1,
		},
		RemovalPolicy: v1alpha1.RemovalPolicyRemove,
	}
	if diff := cmp.Diff(wantSpec, ada.Spec); diff != "" {
		t.Errorf("an ordinary User (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{v1alpha1.LabelBatch: autumn}, ada.Labels); diff != "" || len(ada.OwnerReferences) > 0 {
		t.Errorf("labels %s, owners %v; want the batch's name and no owner", diff, ada.OwnerReferences)
	}
	if diff := cmp.Diff([]string{v1alpha1.Finalizer}, ada.Finalizers); diff != "" {
		t.Errorf("a User that is made with its finalizer costs a write less (-want +got):\n%s", diff)
	}
	w.user("b3@xn--mller-kva.example")
}

// Refusals are bounded, whatever the length of the list; the counts are not.
func TestBY3_RefusalsAreBounded(t *testing.T) {
	w := newWorld(t, batch([]string{"ada@example.com"}, func(b *v1alpha1.InviteBatch) {
		b.Spec.EmailsText = strings.Repeat("nobody\n", 120) + strings.Repeat("ada@example.com\n", 30) + strings.Repeat("x", 100_000)
	}))
	w.look()
	w.wantCounts("all are counted", v1alpha1.BatchCounts{Total: 152, Invited: 1, Duplicate: 30, Invalid: 121})
	refusals := w.batch().Status.Refusals
	if len(refusals) != 50 || refusals[49].Line != 50 {
		t.Errorf("%d refusals, the last of line %d; want the first 50", len(refusals), refusals[len(refusals)-1].Line)
	}
	w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.EmailsText = strings.Repeat("🧮", 3000) + "@example.com" })
	w.look()
	for _, r := range w.batch().Status.Refusals {
		if len(r.Message) > 512 {
			t.Errorf("a refusal of %d bytes", len(r.Message))
		}
	}
}

// A long list is expanded a portion at a time: no reconcile is long, the status
// shows how far it is, and in the end every address has its User.
func TestHR8_PortionByPortion(t *testing.T) {
	w := newWorld(t, batch(addresses(450)))
	for _, want := range []v1alpha1.BatchCounts{
		{Total: 450, Invited: 200, Waiting: 250}, {Total: 450, Invited: 400, Waiting: 50},
	} {
		again := w.look().RequeueAfter
		if again <= 0 || again > time.Second {
			t.Errorf("looks again after %s, want at once", again)
		}
		w.wantCounts("a portion", want)
		w.wantConditions("under way", map[string]string{
			v1alpha1.ConditionReady: "False Expanding", v1alpha1.ConditionReconciling: "True Progressing",
			v1alpha1.ConditionReferencesResolved: "True Succeeded", v1alpha1.ConditionExpanded: "False Expanding",
			v1alpha1.ConditionCompleted: "False AwaitingPeople",
		})
	}
	w.look()
	w.wantCounts("all", v1alpha1.BatchCounts{Total: 450, Invited: 450})
	w.wantConditions("all", done())
	if n := len(w.users()); n != 450 {
		t.Errorf("%d Users, want 450", n)
	}
	w.writes()
	w.Events()
	w.look()
	if n := w.Writes(); len(n) > 0 || len(w.Events()) > 0 {
		t.Errorf("%d writes, and nothing had changed", len(n))
	}
}

// A portion bounds every kind of write: also a change of the template, and a
// list that became empty, go on a portion at a time to the end.
func TestHR8_PortionsOfEveryWrite(t *testing.T) {
	w := newWorld(t, batch(addresses(250), func(b *v1alpha1.InviteBatch) { b.Spec.RemovalPolicy = v1alpha1.BatchRemove }))
	w.look()
	w.look()
	w.writes()
	w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.Template.Invitation.Message = "Welcome!" })
	w.look()
	w.look()
	if got := w.writes(); got[stage.VerbPatch] != 250 || len(got) != 1 {
		t.Errorf("writes %v, want a patch for each User", got)
	}
	w.wantConditions("all are told", done())
	w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.Emails = []string{"p1@example.com"} })
	w.look()
	w.wantConditions("some are still there", map[string]string{
		v1alpha1.ConditionReady: "False Expanding", v1alpha1.ConditionReconciling: "True Progressing",
		v1alpha1.ConditionReferencesResolved: "True Succeeded", v1alpha1.ConditionExpanded: "False Expanding",
		v1alpha1.ConditionCompleted: "False AwaitingPeople",
	})
	w.look()
	w.wantConditions("all are gone", done())
	if n := len(w.users()); n != 1 {
		t.Errorf("%d Users are left, want one", n)
	}
}

// Nobody was invited: that is not that everybody has accepted.
func TestHR8_AnEmptyBatchIsNotCompleted(t *testing.T) {
	for name, entries := range map[string]string{"no entries": " ,\n;", "no addresses": "nobody\nnowhere"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch(nil, func(b *v1alpha1.InviteBatch) { b.Spec.EmailsText = entries }))
			w.look()
			if got := stage.Condition(w.batch().Status.Conditions, v1alpha1.ConditionCompleted); got != "False AwaitingPeople" {
				t.Errorf("Completed is %q", got)
			}
		})
	}
}

// A User that is there and not in the cache yet is ours: its name is a function
// of the address.
func TestHR8_AlreadyExists(t *testing.T) {
	w := newWorld(t, batch([]string{"ada@example.com", "grace@example.com"}))
	resource := schema.GroupResource{Group: v1alpha1.Group, Resource: "users"}
	w.FailAPI(stage.APIFault{Verb: stage.VerbCreate, Kind: "User", Call: 1, Err: apierrors.NewAlreadyExists(resource, "ada")})
	w.look()
	w.wantCounts("both", v1alpha1.BatchCounts{Total: 2, Invited: 2})
}

// A name that somebody else has, or that is just being given up, keeps nobody
// from being invited.
func TestBY8_TheNameIsTaken(t *testing.T) {
	taken := reference.UserName(testkit.Clinic, "ada@example.com")
	for name, given := range map[string]func(w *world){
		"by one that is being deleted": func(w *world) {
			w.Apply(testkit.User(taken, func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} }))
			stage.Delete[v1alpha1.User](w.Stage, taken)
		},
		"by one with another address": func(w *world) {
			w.Apply(testkit.User(taken, func(u *v1alpha1.User) { u.Spec.Email = "lovelace@example.com" }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch([]string{"ada@example.com"}))
			given(w)
			for range 2 {
				if _, err := w.try(); err != nil {
					t.Fatal(err)
				}
			}
			var made []string
			var users v1alpha1.UserList
			if err := w.Client.List(w.Context(), &users); err != nil {
				t.Fatal(err)
			}
			for i := range users.Items {
				if u := &users.Items[i]; u.Labels[v1alpha1.LabelBatch] != "" && u.Spec.Email == "ada@example.com" {
					made = append(made, u.Name)
				}
			}
			if len(made) != 1 || made[0] == taken {
				t.Errorf("made %v, want one under another name than %s", made, taken)
			}
		})
	}
}

// What the API server refuses is the outcome of that one entry, however many
// they are; the others are invited.
func TestBY3_RefusedByTheAPIServer(t *testing.T) {
	kind := schema.GroupKind{Group: v1alpha1.Group, Kind: "User"}
	invalid := func(name string) error {
		return apierrors.NewInvalid(kind, name, field.ErrorList{field.Invalid(field.NewPath("spec", "email"), "secret@example.com", "we do not like it")})
	}
	t.Run("created", func(t *testing.T) {
		w := newWorld(t, batch([]string{"ada@example.com", "grace@example.com"}))
		ada := reference.UserName(testkit.Clinic, "ada@example.com")
		w.FailAPI(stage.APIFault{Verb: stage.VerbCreate, Name: ada, Err: invalid("ada")})
		w.look()
		w.wantCounts("one of two", v1alpha1.BatchCounts{Total: 2, Invited: 1, Invalid: 1})
		if diff := cmp.Diff([]string{"emails 1 Invalid"}, w.refusals()); diff != "" {
			t.Errorf("refusals (-want +got):\n%s", diff)
		}
		if got := w.batch().Status.Refusals[0].Message; !strings.Contains(got, "spec.email") || !strings.Contains(got, "we do not like it") {
			t.Errorf("it says %q, want the API server's words", got)
		}
	})
	t.Run("updated", func(t *testing.T) {
		w := newWorld(t, batch([]string{"ada@example.com", "grace@example.com"}))
		w.look()
		w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.Template.BusinessUnits = []string{"north"} })
		w.FailAPI(stage.APIFault{Verb: stage.VerbPatch, Call: 1, Err: invalid("ada")})
		w.look()
		w.wantCounts("one of two", v1alpha1.BatchCounts{Total: 2, Invited: 1, Invalid: 1})
		if got := w.user("grace@example.com").Spec.BusinessUnits; !slices.Equal(got, []string{"north"}) {
			t.Errorf("the other one has units %v", got)
		}
	})
	t.Run("more than a portion", func(t *testing.T) {
		w := newWorld(t, batch(addresses(230)))
		withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbCreate, Err: invalid("any")})
		if again := w.look().RequeueAfter; again < time.Minute {
			t.Errorf("looks again after %s, and would go on like that for ever", again)
		}
		w.wantCounts("all", v1alpha1.BatchCounts{Total: 230, Invalid: 230})
		withdraw()
		w.look()
		w.look()
		w.wantCounts("all, once they are taken", v1alpha1.BatchCounts{Total: 230, Invited: 230})
	})
	t.Run("from a Secret", func(t *testing.T) {
		w := newWorld(t, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: testkit.Namespace, Name: "people"}, Data: map[string][]byte{"list": []byte("secret@example.com\nhunter2")},
		}, batch(nil, func(b *v1alpha1.InviteBatch) {
			b.Spec.EmailsFrom = &v1alpha1.EmailSource{SecretKeyRef: &v1alpha1.KeyReference{Name: "people", Key: "list"}}
		}))
		w.FailAPI(stage.APIFault{Verb: stage.VerbCreate, Err: invalid("any")})
		w.look()
		for _, r := range w.batch().Status.Refusals {
			if strings.Contains(r.Message, "secret@") || strings.Contains(r.Message, "hunter2") {
				t.Errorf("the status quotes the Secret: %q", r.Message)
			}
		}
		w.wantCounts("both are refused", v1alpha1.BatchCounts{Total: 2, Invalid: 2})
	})
}

// A change of the template reaches every User; what somebody added to a User
// beside it stays, and so does what another controller owns.
func TestHR8_TheTemplateReachesUsers(t *testing.T) {
	w := newWorld(t, batch([]string{"Ada <ada@example.com>", "grace@example.com"}, func(b *v1alpha1.InviteBatch) {
		b.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}}
	}))
	w.look()
	theirs := metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "Course", Name: "first-aid", UID: "their-uid"}
	w.editUser("ada@example.com", func(u *v1alpha1.User) {
		u.Spec.Profile.Title, u.Spec.Invitation.Revision, u.Labels["team"] = "Countess", 3, "red"
		u.Annotations, u.OwnerReferences, u.Finalizers = map[string]string{"note": "vip"}, []metav1.OwnerReference{theirs}, []string{"example.com/theirs"}
		u.Spec.Suspend = true
	})
	w.editUser("grace@example.com", func(u *v1alpha1.User) { u.Spec.Profile.DisplayName = "Grace Hopper" })
	before := w.user("ada@example.com")

	w.edit(func(b *v1alpha1.InviteBatch) {
		b.Spec.Template = v1alpha1.UserTemplate{
			Roles: []v1alpha1.RoleGrant{{Name: "manager"}}, BusinessUnits: []string{"north"}, RemovalPolicy: v1alpha1.RemovalPolicyDisable,
			Invitation: v1alpha1.Invitation{Delivery: v1alpha1.DeliveryLink, Message: "Welcome!", ExpiresAfter: &metav1.Duration{Duration: time.Hour}},
		}
	})
	w.look()
	want := before.DeepCopy()
	want.Spec.Roles, want.Spec.BusinessUnits = []v1alpha1.RoleGrant{{Name: "manager"}}, []string{"north"}
	want.Spec.Invitation.Invitation = w.batch().Spec.Template.Invitation
	want.Spec.RemovalPolicy = v1alpha1.RemovalPolicyDisable
	got := w.user("ada@example.com")
	want.ResourceVersion, want.Generation = got.ResourceVersion, got.Generation
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the template's fields and no others (-want +got):\n%s", diff)
	}
	if got := w.user("grace@example.com").Spec; got.Profile.DisplayName != "Grace Hopper" || got.Roles[0].Name != "manager" {
		t.Errorf("%+v, want a name that the batch does not know kept", got)
	}
	w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.RemovalPolicy = v1alpha1.BatchRemove })
	w.look()
	owners := w.user("ada@example.com").OwnerReferences
	if len(owners) != 2 || owners[0].UID != theirs.UID || owners[1].UID != w.batch().UID {
		t.Errorf("owners %v, want theirs and the batch", owners)
	}
	w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.RemovalPolicy = v1alpha1.BatchOrphan })
	w.look()
	if diff := cmp.Diff([]metav1.OwnerReference{theirs}, w.user("ada@example.com").OwnerReferences); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}

// Omitted and empty differ: from "not managed" to "none" is a change, and so is
// the way back.
func TestHR5b_OmittedAndEmptyInTheTemplate(t *testing.T) {
	w := newWorld(t, batch([]string{"ada@example.com"}))
	w.look()
	for _, step := range []struct {
		reason string
		roles  []v1alpha1.RoleGrant
		units  []string
	}{
		{"none", []v1alpha1.RoleGrant{}, []string{}}, {"not managed", nil, nil}, {"some", []v1alpha1.RoleGrant{{Name: "a"}}, []string{"b"}}, {"none again", []v1alpha1.RoleGrant{}, []string{}},
	} {
		w.edit(func(b *v1alpha1.InviteBatch) {
			b.Spec.Template.Roles, b.Spec.Template.BusinessUnits = step.roles, step.units
		})
		w.look()
		got := w.user("ada@example.com").Spec
		if diff := cmp.Diff(step.roles, got.Roles); diff != "" {
			t.Errorf("%s: roles (-want +got):\n%s", step.reason, diff)
		}
		if diff := cmp.Diff(step.units, got.BusinessUnits); diff != "" {
			t.Errorf("%s: units (-want +got):\n%s", step.reason, diff)
		}
	}
}

// An address that goes from the list takes its User along, or leaves it.
func TestHD1_AnAddressGoes(t *testing.T) {
	for policy, stays := range map[v1alpha1.BatchRemovalPolicy]bool{v1alpha1.BatchRemove: false, v1alpha1.BatchOrphan: true} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWorld(t, batch([]string{"ada@example.com", "grace@example.com"}, func(b *v1alpha1.InviteBatch) { b.Spec.RemovalPolicy = policy }))
			w.Apply(testkit.User("declared"))
			w.look()
			w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.Emails = []string{"ada@example.com"} })
			w.look()
			users := w.users()
			if (users["grace@example.com"] != nil) != stays {
				t.Errorf("grace stays: %t, want %t", !stays, stays)
			}
			if users["ada@example.com"] == nil || users["declared@example.com"] == nil {
				t.Error("somebody else is gone")
			}
			w.wantCounts("who is listed", v1alpha1.BatchCounts{Total: 1, Invited: 1})
			owned := len(w.user("ada@example.com").OwnerReferences) == 1
			if owned == stays {
				t.Errorf("owned by the batch: %t, want %t: that is how Users go with their batch", owned, !stays)
			}
		})
	}
}

// A User that somebody declares for an address wins: the batch deletes its own,
// and counts the person as a member already. When the declared one goes, the
// batch invites again.
func TestBY3_ADeclaredUserWins(t *testing.T) {
	w := newWorld(t, batch([]string{"ada@example.com", "grace@example.com"}))
	w.look()
	made := w.user("ada@example.com").Name
	w.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Spec.Email = "ADA@example.com" }))
	w.look()
	w.wantCounts("already in", v1alpha1.BatchCounts{Total: 2, Invited: 1, AlreadyMember: 1})
	if stage.Get[v1alpha1.User](w.Stage, made) != nil || stage.Get[v1alpha1.User](w.Stage, "ada") == nil {
		t.Error("the batch's User is still there, or the declared one is not")
	}
	stage.Delete[v1alpha1.User](w.Stage, "ada")
	w.look()
	w.wantCounts("the batch's again", v1alpha1.BatchCounts{Total: 2, Invited: 2})
	if got := w.user("ada@example.com").Name; got != made {
		t.Errorf("named %q, want %q as before", got, made)
	}
}

// Two batches with the same address make one User; the second counts it as a
// member already.
func TestBY3_TwoBatches(t *testing.T) {
	w := newWorld(t, batch([]string{"ada@example.com"}), testkit.InviteBatch("winter", []string{"Ada@example.com", "grace@example.com"}))
	w.look()
	if _, err := stage.Reconcile(w.Stage, w.batches, "winter"); err != nil {
		t.Fatal(err)
	}
	want := &v1alpha1.BatchCounts{Total: 2, Invited: 1, AlreadyMember: 1}
	if diff := cmp.Diff(want, stage.Get[v1alpha1.InviteBatch](w.Stage, "winter").Status.Outcomes); diff != "" {
		t.Errorf("winter's counts (-want +got):\n%s", diff)
	}
	if n := len(w.users()); n != 2 || w.user("ada@example.com").Labels[v1alpha1.LabelBatch] != autumn {
		t.Errorf("%d Users; want ada of autumn, and grace", n)
	}
}

// One person's failure is no other's delay: the rest is tried again, and nothing
// is made twice.
func TestPromise_AFailureOnTheWay(t *testing.T) {
	for name, fault := range map[string]stage.APIFault{
		"create":     {Verb: stage.VerbCreate, Call: 2, Err: apierrors.NewServiceUnavailable("later")},
		"lost reply": {Verb: stage.VerbCreate, Call: 2, After: true, Err: apierrors.NewTimeoutError("no answer", 1)},
		"list":       {Verb: stage.VerbList, Kind: "User", Call: 1, Err: errBroken},
		"read":       {Verb: stage.VerbGet, Kind: "Organization", Call: 1, Err: errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch(addresses(3)))
			w.FailAPI(fault)
			if _, err := w.try(); err == nil {
				t.Error("no error, and so no other attempt")
			}
			if got := stage.Condition(w.batch().Status.Conditions, v1alpha1.ConditionReady); got != "False ProgressingWithRetry" {
				t.Errorf("Ready is %q", got)
			}
			w.look()
			w.wantCounts("all in the end", v1alpha1.BatchCounts{Total: 3, Invited: 3})
			w.wantConditions("all in the end", done())
			if n := len(w.users()); n != 3 {
				t.Errorf("%d Users, want 3", n)
			}
		})
	}
	t.Run("conflict", func(t *testing.T) {
		w := newWorld(t, batch(addresses(3)))
		w.look()
		w.Events()
		before := w.batch().Status
		w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.Template.BusinessUnits = []string{"north"} })
		conflict := apierrors.NewConflict(schema.GroupResource{Resource: "users"}, "p1", errBroken)
		w.FailAPI(stage.APIFault{Verb: stage.VerbPatch, Call: 1, Err: conflict})
		if again := w.look().RequeueAfter; again <= 0 || again > time.Second {
			t.Errorf("looks again after %s, want soon", again)
		}
		if diff := cmp.Diff(before, w.batch().Status); diff != "" || len(w.Events()) > 0 {
			t.Errorf("a conflict is told: %s", diff)
		}
		w.look()
		for email, u := range w.users() {
			if !slices.Equal(u.Spec.BusinessUnits, []string{"north"}) {
				t.Errorf("%s has units %v", email, u.Spec.BusinessUnits)
			}
		}
	})
}

// Progress is how many of those invited have accepted; Completed is True once
// that is all of them, and False again when somebody is added.
func TestHR8_Completed(t *testing.T) {
	w := newWorld(t, batch([]string{"ada@example.com", "grace@example.com", "nobody"}))
	w.look()
	completed := func(reason, progress, want string, counts v1alpha1.BatchCounts) {
		t.Helper()
		w.look()
		b := w.batch()
		if got := stage.Condition(b.Status.Conditions, v1alpha1.ConditionCompleted); got != want || b.Status.Progress != progress {
			t.Errorf("%s: Completed %q, progress %q; want %q, %q", reason, got, b.Status.Progress, want, progress)
		}
		w.wantCounts(reason, counts)
	}
	completed("nobody yet", "0/2", "False AwaitingPeople", v1alpha1.BatchCounts{Total: 3, Invited: 2, Invalid: 1})
	w.stands("ada@example.com", v1alpha1.ConditionAccepted)
	w.stands("grace@example.com", v1alpha1.ConditionPending)
	completed("one of two", "1/2", "False AwaitingPeople", v1alpha1.BatchCounts{Total: 3, Invited: 2, Invalid: 1, Pending: 1, Accepted: 1})
	stage.SetStatus(w.Stage, w.user("grace@example.com").Name, func(u *v1alpha1.User) { u.Status = v1alpha1.UserStatus{} })
	w.stands("grace@example.com", v1alpha1.ConditionAccepted)
	w.Events()
	completed("both", "2/2", "True AllAccepted", v1alpha1.BatchCounts{Total: 3, Invited: 2, Invalid: 1, Accepted: 2})
	if diff := cmp.Diff([]string{"Normal AllAccepted Everybody who was invited has accepted."}, w.Events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	w.edit(func(b *v1alpha1.InviteBatch) { b.Spec.Emails = append(b.Spec.Emails, "alan@example.com") })
	completed("one more", "2/3", "False AwaitingPeople", v1alpha1.BatchCounts{Total: 4, Invited: 3, Invalid: 1, Accepted: 2})
}

// A User's name is a function of organization and address alone, and one that
// the API server takes as a name and as the start of others.
func TestHR8_NamesAreStable(t *testing.T) {
	hostile := []string{
		"ada@example.com", "a.b+c_d@example.com", "UPPER@example.com", "--@example.com", "!#$%&'*+/=?^`{|}~@example.com",
		strings.Repeat("a", 64) + "@example.com", strings.Repeat("a-", 31) + "a@example.com", "1@example.com", "ada@xn--mller-kva.example",
	}
	named := func(batchName string) map[string]string {
		w := emptyWorld(t)
		w.Provide(testkit.Organization())
		w.Apply(testkit.InviteBatch(batchName, hostile))
		if _, err := stage.Reconcile(w.Stage, w.batches, batchName); err != nil {
			t.Fatal(err)
		}
		names := map[string]string{}
		for email, u := range w.users() {
			names[email] = u.Name
		}
		return names
	}
	first := named("one")
	if len(first) != len(hostile) {
		t.Fatalf("%d Users for %d addresses: %v", len(first), len(hostile), first)
	}
	if diff := cmp.Diff(first, named("another")); diff != "" {
		t.Errorf("the batch's name leaks into a User's (-one +another):\n%s", diff)
	}
	seen := map[string]bool{}
	for email, name := range first {
		if problems := validation.IsDNS1123Label(name); len(problems) > 0 || seen[name] {
			t.Errorf("%s is named %q: %v", email, name, problems)
		}
		seen[name] = true
	}
	if want := "ada-9f06958ee6"; first["ada@example.com"] != want {
		t.Errorf("ada is named %q, want %q: another name would be another User after an upgrade", first["ada@example.com"], want)
	}
}

// Names from outside pass through, or are refused with their line.
func TestPromise_HostileNames(t *testing.T) {
	long := strings.Repeat("é", 129)
	w := newWorld(t, batch([]string{
		`<script>alert(1)</script> <a1@example.com>`, "Ada \u202eecalevoL <a2@example.com>", "Ada 🧮 <a3@example.com>", "%s %d <a4@example.com>",
		"Ada\r\nBcc: eve@example.com <a5@example.com>", "Ada\u0000 <a6@example.com>", long + " <a7@example.com>", long[:256] + " <a8@example.com>",
		"\u200b\ufeff <a9@example.com>", "Ada\u0085Lovelace <a10@example.com>",
	}))
	w.look()
	got := map[string]string{}
	for email, u := range w.users() {
		got[email] = u.Spec.Profile.DisplayName
		for _, r := range u.Spec.Profile.DisplayName {
			if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
				t.Errorf("%s is called %q, with a control character", email, u.Spec.Profile.DisplayName)
			}
		}
	}
	for email, want := range map[string]string{"a2@example.com": "Ada \u202eecalevoL", "a3@example.com": "Ada 🧮", "a4@example.com": "%s %d", "a8@example.com": long[:256]} {
		if got[email] != want {
			t.Errorf("%s is called %q, want %q", email, got[email], want)
		}
	}
	if _, made := got["a7@example.com"]; made {
		t.Error("a name that is too long was not refused")
	}
	c := w.batch().Status.Outcomes
	if int(c.Invited) != len(got) || c.Total != 10 || c.Invalid != c.Total-c.Invited {
		t.Errorf("%+v for %d Users", *c, len(got))
	}
	for _, r := range w.batch().Status.Refusals {
		if strings.ContainsAny(r.Message, "\r\n\x00\u0085") {
			t.Errorf("line %d: the message %q holds a control character", r.Line, r.Message)
		}
	}
}
