package census

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/rails"
)

// What holds for an Organization that does not say: as its API documents.
const (
	defaultPercent           = 25
	defaultRemovals          = 5
	defaultInvitations       = 100
	defaultWindow            = time.Hour
	defaultDelay             = 5 * time.Second
	defaultMinAdministrators = 1
)

// Removals is the limit on removals.
func Removals(s *v1alpha1.OrganizationSafety) rails.Limit {
	return rails.Limit{
		Percent: number(s.MaxRemovals.Percent, defaultPercent), Floor: number(s.MaxRemovals.Floor, defaultRemovals),
		Window: duration(s.MaxRemovals.Window, defaultWindow),
	}
}

// Invitations is the limit on invitations that are of no batch and no link.
func Invitations(s *v1alpha1.OrganizationSafety) rails.Limit {
	return rails.Limit{
		Percent: number(s.MaxInvitations.Percent, defaultPercent), Floor: number(s.MaxInvitations.Floor, defaultInvitations),
		Window: duration(s.MaxInvitations.Window, defaultWindow),
	}
}

// RemovalDelay is how long a deleted User waits for another with its address.
func RemovalDelay(s *v1alpha1.OrganizationSafety) time.Duration {
	return duration(s.RemovalDelay, defaultDelay)
}

// MinAdministrators is how many must be left.
func MinAdministrators(s *v1alpha1.OrganizationSafety) int {
	return number(s.MinAdministrators, defaultMinAdministrators)
}

// Protected reports whether the address is one of those who are never removed.
func Protected(s *v1alpha1.OrganizationSafety, canonical string) bool {
	return slices.ContainsFunc(s.ProtectedEmails, func(email string) bool {
		protected, err := address.Canonical(email)
		return err == nil && protected == canonical
	})
}

func number(n *int32, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}

func duration(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}
