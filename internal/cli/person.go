package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/people"
)

// person is what the flags say about everybody who is invited.
type person struct {
	organization string
	roles, units []string
	delivery     string
	message      string
	expiresAfter time.Duration
	accessUntil  string
}

// addFlags adds what can be said about everybody.
func (p *person) addFlags(s *session, cmd *cobra.Command) {
	s.organizationFlag(cmd, &p.organization)
	f := cmd.Flags()
	f.StringArrayVar(&p.roles, "role", nil, "A role of the organization, or ROLE@UNIT for one that holds within a unit. May be repeated.")
	f.StringArrayVar(&p.units, "unit", nil, "A unit that they belong to. May be repeated.")
	f.StringVar(&p.delivery, "delivery", "", "Email, Link, EmailAndLink or None. Default: Email.")
	f.StringVar(&p.message, "message", "", "A personal line in the mail and on the page.")
	f.DurationVar(&p.expiresAfter, "expires-after", 0, "How long the link is good for, such as 72h. Default: as the Organization says.")
	f.StringVar(&p.accessUntil, "access-until", "", "When access ends by itself: a date such as 2027-03-31, or a time in RFC 3339.")
	complete(cmd, "delivery", string(v1alpha1.DeliveryEmail), string(v1alpha1.DeliveryLink), string(v1alpha1.DeliveryEmailAndLink), string(v1alpha1.DeliveryNone))
	_ = cmd.RegisterFlagCompletionFunc("role", s.names(func() client.ObjectList { return &v1alpha1.RoleList{} }, ""))
	_ = cmd.RegisterFlagCompletionFunc("unit", s.names(func() client.ObjectList { return &v1alpha1.BusinessUnitList{} }, ""))
}

// user is what the flags make of anybody.
func (p *person) user(organization string) (*v1alpha1.User, error) {
	u := &v1alpha1.User{Spec: v1alpha1.UserSpec{
		OrganizationRef: v1alpha1.LocalReference{Name: organization}, BusinessUnits: p.units,
		Invitation: v1alpha1.UserInvitation{Invitation: v1alpha1.Invitation{
			Delivery: v1alpha1.InvitationDelivery(p.delivery), Message: p.message,
		}},
	}}
	for _, text := range p.roles {
		role, unit, _ := strings.Cut(text, "@")
		u.Spec.Roles = append(u.Spec.Roles, v1alpha1.RoleGrant{Name: role, BusinessUnit: unit})
	}
	if p.expiresAfter != 0 {
		u.Spec.Invitation.ExpiresAfter = &metav1.Duration{Duration: p.expiresAfter}
	}
	if p.accessUntil != "" {
		until, err := people.Day(p.accessUntil)
		if err != nil {
			return nil, wrongUsage("--access-until: %w", err)
		}
		u.Spec.AccessUntil = &until
	}
	return u, nil
}
