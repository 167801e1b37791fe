package invitelink

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/linksecret"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// What holds when the API server filled in no defaults.
const (
	defaultExpiry = 7 * 24 * time.Hour
	defaultUses   = 100
)

// publish brings the link to what is declared, takes those further who want to
// join, and keeps the Secret while people can.
func (r *Reconciler) publish(ctx context.Context, s *scope) phase.Answer {
	if _, err := r.Links.ApplyLink(ctx, s.request()); err != nil {
		return verdict.Of(err)
	}
	// People first, because they wait; the Secret, because it needs a right that
	// may be missing, must not hold them up.
	joined := r.goOn(ctx, s)
	link, err := r.Links.LinkStatus(ctx, s.id, s.object.Name)
	if err != nil {
		return verdict.Of(err)
	}
	s.tell(link)
	if a := r.keepSecret(ctx, s, link); a.Word != phase.WordDone {
		return a
	}
	if joined != nil {
		return verdict.Of(joined)
	}
	if link.State != directory.LinkOpen {
		return phase.Done(v1alpha1.ReasonNotRequired, "Nobody can join by the link, so no Secret holds it.")
	}
	return phase.DoneUntil(link.ExpiresAt, v1alpha1.ReasonLinkPublished, "The link is in the Secret named in status.linkSecretRef.")
}

// request is the link as declared.
func (s *scope) request() directory.LinkRequest {
	spec := s.object.Spec
	request := directory.LinkRequest{
		Organization: s.id, Name: s.object.Name, Rotation: max(spec.Rotation, 1), MaxUses: defaultUses, ExpiresAfter: defaultExpiry,
		Domains: s.domains, Approval: spec.Approval == v1alpha1.ApprovalRequired,
		Closed: spec.Access == v1alpha1.AccessDisabled, Details: s.details(),
	}
	if spec.MaxUses != nil {
		request.MaxUses = int64(*spec.MaxUses)
	}
	if spec.ExpiresAfter != nil {
		request.ExpiresAfter = spec.ExpiresAfter.Duration
	}
	return request
}

// details is what people are told: display names, in a stable order.
func (s *scope) details() directory.InvitationDetails {
	d := directory.InvitationDetails{OrganizationName: s.organization.Spec.DisplayName}
	for name, role := range s.roles {
		d.Roles = append(d.Roles, cmp.Or(role.Spec.DisplayName, name))
	}
	for _, name := range s.object.Spec.Template.BusinessUnits {
		d.Units = append(d.Units, cmp.Or(s.units[name].Spec.DisplayName, name))
	}
	slices.Sort(d.Roles)
	slices.Sort(d.Units)
	return d
}

// tell writes how the link stands into the status.
func (s *scope) tell(link directory.SharedLink) {
	most := int64(1 << 30)
	s.object.Status.Uses = int32(min(link.Uses, most))
	s.object.Status.AwaitingApproval = int32(min(link.Awaiting, most))
	s.object.Status.Rotation = link.Rotation
	s.object.Status.ExpiresAt = &metav1.Time{Time: link.ExpiresAt}
	switch link.State {
	case directory.LinkOpen:
		s.set(metav1.ConditionTrue, v1alpha1.ReasonLinkOpen, "People can join by the link.")
	case directory.LinkExpired:
		s.set(metav1.ConditionFalse, v1alpha1.ReasonExpired,
			"The link has expired; raise spec.rotation for a new one, or spec.expiresAfter to prolong this one.")
	case directory.LinkUsedUp:
		s.set(metav1.ConditionFalse, v1alpha1.ReasonUsedUp,
			fmt.Sprintf("All %d places are taken; raise spec.maxUses to let more people join.", link.MaxUses))
	default:
		s.set(metav1.ConditionFalse, v1alpha1.ReasonLinkDisabled,
			"Nobody can join by the link while spec.access is Disabled.")
	}
}

func (r *Reconciler) keepSecret(ctx context.Context, s *scope, link directory.SharedLink) phase.Answer {
	secret := secretOf(s.object)
	if link.State != directory.LinkOpen {
		err := secret.Delete(ctx, r.Direct)
		if err == nil {
			s.object.Status.LinkSecretRef = nil
		}
		if s.object.Status.LinkSecretRef == nil {
			// One that was never written needs no right to delete it.
			return phase.Done("", "")
		}
		return secret.Answer(err, "InviteLink")
	}
	url, err := r.Links.LinkURL(ctx, s.id, s.object.Name)
	if err != nil {
		return verdict.Of(err)
	}
	err = secret.Write(ctx, r.Direct, url, link.ExpiresAt)
	if err == nil {
		s.object.Status.LinkSecretRef = &v1alpha1.LocalReference{Name: secret.Name}
	}
	return secret.Answer(err, "InviteLink")
}

func secretOf(l *v1alpha1.InviteLink) linksecret.Secret {
	return linksecret.Secret{Owner: l, Name: l.Name + "-link", Type: v1alpha1.SecretTypeLink, Label: v1alpha1.LabelLink}
}
