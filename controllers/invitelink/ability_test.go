package invitelink_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// A template that gives what the backend cannot hold makes no link: whoever
// joined by it could not be given that.
func TestBY11_ATemplateThatCannotBeHeld(t *testing.T) {
	w := newWorld(t, testkit.InviteLink(open, func(l *v1alpha1.InviteLink) {
		l.Spec.Template.BusinessUnits = []string{"north"}
		l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "lead"}}
	}))
	w.Backends.Limit(func(c *directory.Capabilities) { c.Units, c.Roles = false, false })
	if result := w.look(); !result.IsZero() {
		t.Errorf("looks again, and only an edit helps: %v", result)
	}
	const says = "The embedded backend does not support spec.template.businessUnits, spec.template.roles: take that away, or choose another backend."
	if got := stage.Condition(w.get().Status.Conditions, v1alpha1.ConditionReferencesResolved); got != "False Unsupported" {
		t.Errorf("ReferencesResolved is %q", got)
	}
	if got := stage.Message(w.get().Status.Conditions, v1alpha1.ConditionStalled); got != says {
		t.Errorf("it says\n%s\nwant\n%s", got, says)
	}
	if w.secret() != nil || len(w.get().Finalizers) > 0 {
		t.Error("a link was made")
	}
	w.edit(func(l *v1alpha1.InviteLink) { l.Spec.Template = v1alpha1.LinkTemplate{} })
	w.look()
	w.wantConditions("the template asks for nothing", done())
}

func TestPromise_CapabilitiesThatCannotBeFoundOut(t *testing.T) {
	w := newWorld(t, testkit.InviteLink(open))
	w.Backends.Deny(directory.Errorf(directory.KindUnavailable, "discover", "no answer"))
	if _, err := w.try(); err == nil || w.secret() != nil {
		t.Errorf("error %v: nothing is done before it is known", err)
	}
}
