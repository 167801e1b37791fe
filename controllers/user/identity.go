package user

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// identity makes the person known to the backend. Asking for an invited member
// never takes out somebody who is in.
func (r *Reconciler) identity(ctx context.Context, s *scope) phase.Answer {
	member, err := s.backend.ApplyMember(ctx, directory.Member{
		Organization: s.id, Address: s.address,
		Profile: profile(s.user.Spec.Profile), State: directory.MemberInvited,
	})
	if err != nil {
		return verdict.Of(err)
	}
	s.observed(member)
	return phase.Done(v1alpha1.ReasonSucceeded, "The backend knows the person as declared.")
}

// observeAgain looks once more at somebody whose invitation is accepted and who
// was not in when the identity phase looked: whoever accepted in between is in
// by now, and must not be taken for somebody who was removed.
func (r *Reconciler) observeAgain(ctx context.Context, s *scope, inv directory.Invitation) error {
	if inv.State != directory.InvitationAccepted || s.active() {
		return nil
	}
	member, err := s.backend.Member(ctx, s.id, s.address)
	if err != nil {
		return err
	}
	s.observed(member)
	return nil
}

func (s *scope) observed(member directory.ObservedMember) {
	s.member = member
	s.user.Status.MemberID = member.ID
	s.user.Status.AcceptedAt = nil
	if !member.JoinedAt.IsZero() && s.active() {
		s.user.Status.AcceptedAt = &metav1.Time{Time: member.JoinedAt}
	}
}

func profile(p v1alpha1.Profile) directory.Profile {
	attributes := map[string]string(nil)
	if p.Attributes != nil {
		attributes = make(map[string]string, len(p.Attributes))
		for name, value := range p.Attributes {
			attributes[name] = string(value)
		}
	}
	return directory.Profile{
		DisplayName: p.DisplayName, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Title: p.Title, Phone: p.Phone, Locale: p.Locale, Attributes: attributes,
	}
}
