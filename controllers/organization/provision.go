package organization

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// provision makes the tenant known, to the backend and to the ledger, and
// counts its Users.
func (r *Reconciler) provision(ctx context.Context, s *scope) phase.Answer {
	tenant, err := tenantOf(s)
	if err != nil {
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, err.Error()+".")
	}
	if a := s.can.Organization(&s.organization.Spec); a.Word != phase.WordDone {
		return a
	}
	// Before anything is done outside Kubernetes: without it nobody would remove that.
	if err := finalizer.Add(ctx, r.Client, s.organization, v1alpha1.Finalizer); err != nil {
		return verdict.Of(err)
	}
	if err := s.backend.ApplyOrganization(ctx, tenant); err != nil {
		return verdict.Of(err)
	}
	if err := r.Ledger.ApplyOrganization(ctx, tenant); err != nil {
		return verdict.Of(err)
	}
	if err := r.count(ctx, s); err != nil {
		return verdict.Of(err)
	}
	s.organization.Status.Plan = nil
	return phase.Done(v1alpha1.ReasonSucceeded, "The backend knows the organization as declared.")
}

func tenantOf(s *scope) (directory.Organization, error) {
	org := s.organization
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
	tenant := directory.Organization{
		ID: s.id, DisplayName: org.Spec.DisplayName, Mail: mail,
		UnknownDelivery: directory.UnknownDelivery(org.Spec.Invitations.OnUnknownDelivery),
	}
	if org.Spec.SignIn != nil {
		tenant.SignInURL = org.Spec.SignIn.URL
	}
	return tenant, nil
}
