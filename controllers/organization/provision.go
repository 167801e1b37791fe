package organization

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// provision makes the tenant known, to the backend and to the ledger, and
// counts its Users.
func (r *Reconciler) provision(ctx context.Context, s *scope) phase.Answer {
	tenant, err := declared(s.organization)
	if err != nil {
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, err.Error()+".")
	}
	if err := s.backend.ApplyOrganization(ctx, tenant); err != nil {
		return verdict.Of(err)
	}
	if err := r.Ledger.ApplyOrganization(ctx, tenant); err != nil {
		return verdict.Of(err)
	}
	counts, err := r.count(ctx, s.organization)
	if err != nil {
		return verdict.Of(err)
	}
	s.organization.Status.Users = counts
	return phase.Done(v1alpha1.ReasonSucceeded, "The backend knows the organization as declared.")
}

func declared(org *v1alpha1.Organization) (directory.Organization, error) {
	mail := directory.MailIdentity{}
	for _, field := range []struct {
		name, value string
		into        *string
	}{{"from", org.Spec.Mail.From, &mail.From}, {"replyTo", org.Spec.Mail.ReplyTo, &mail.ReplyTo}} {
		if field.value == "" {
			continue
		}
		canonical, err := address.Canonical(field.value)
		if err != nil {
			return directory.Organization{}, fmt.Errorf("spec.mail.%s is wrong: %w", field.name, err)
		}
		*field.into = canonical
	}
	if ref := org.Spec.Mail.SMTPSecretRef; ref != nil {
		mail.Server = org.Namespace + "/" + ref.Name
	}
	return directory.Organization{
		ID:          reference.OrganizationID(org.Namespace, v1alpha1.LocalReference{Name: org.Name}),
		DisplayName: org.Spec.DisplayName, Mail: mail,
		UnknownDelivery: directory.UnknownDelivery(org.Spec.Invitations.OnUnknownDelivery),
	}, nil
}
