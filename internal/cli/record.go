package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/report"
)

// reportTimeout is how long the manager gets to write a report.
const reportTimeout = time.Minute

// asking is what verbs have that ask the manager what backend and ledger know.
type asking struct {
	*session

	reportTimeout time.Duration
}

func (a *asking) addReportFlag(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&a.reportTimeout, "report-timeout", reportTimeout, "How long the manager gets to report what the backend has.")
}

// report asks the manager for an export of the organization, reads it from its
// Secret, and deletes that.
func (a *asking) report(ctx context.Context, c *cluster, org *v1alpha1.Organization) (report.Report, error) {
	// Two who ask at the same moment must not take each other's answer.
	asked := a.clock.Now().UTC().Format(time.RFC3339) + "/" + rand.Text()[:8]
	if err := c.annotate(ctx, org, v1alpha1.AnnotationReport, asked); err != nil {
		return report.Report{}, fmt.Errorf("ask for a report of Organization %q: %w", org.Name, err)
	}
	within, cancel := a.within(ctx, a.reportTimeout)
	defer cancel()
	err := a.await(within, c, org, &v1alpha1.OrganizationList{}, func() (bool, error) {
		if current := org.Annotations[v1alpha1.AnnotationReport]; current != asked {
			return false, fmt.Errorf("somebody else has just asked for a report of Organization %q; try again", org.Name)
		}
		return org.Status.Report != nil && org.Status.Report.RequestedAt == asked, nil
	})
	switch {
	case err != nil && timedOut(within):
		return report.Report{}, unfinished("the manager has written no report of Organization %q within %s. %s", org.Name, a.reportTimeout, c.whyNoAnswer(org))
	case err != nil:
		return report.Report{}, err
	case org.Status.Report.SecretRef == nil:
		return report.Report{}, c.noReport(org)
	}
	return c.takeReport(ctx, org.Status.Report.SecretRef.Name, asked)
}

// takeReport reads a report, and leaves nothing behind.
func (c *cluster) takeReport(ctx context.Context, name, asked string) (report.Report, error) {
	secret := &corev1.Secret{}
	switch err := c.Get(ctx, c.key(name), secret); {
	case apierrors.IsForbidden(err):
		return report.Report{}, fmt.Errorf("the report is in Secret %q, which you may not read; ask for the right to get and delete it: %w", name, err)
	case err != nil:
		return report.Report{}, fmt.Errorf("read the report: %w", err)
	}
	if secret.Type != v1alpha1.SecretTypeReport || string(secret.Data[v1alpha1.SecretKeyRequestedAt]) != asked {
		return report.Report{}, fmt.Errorf("the Secret %q is not the report that was asked for; try again", name)
	}
	r, err := report.Decode(secret.Data)
	if err != nil {
		return report.Report{}, fmt.Errorf("read Secret %q: %w", name, err)
	}
	// It holds everybody's address. The manager deletes it too, after a while.
	err = c.Delete(ctx, secret, client.Preconditions{UID: &secret.UID})
	if client.IgnoreNotFound(err) != nil && !apierrors.IsForbidden(err) && !apierrors.IsConflict(err) {
		return report.Report{}, fmt.Errorf("delete Secret %q: %w", name, err)
	}
	return r, nil
}

// noReport is why the manager could not write a report, and what to do.
func (c *cluster) noReport(org *v1alpha1.Organization) error {
	told := org.Status.Report
	hint := ""
	if told.Reason == v1alpha1.ReasonSecretDenied {
		hint = " " + c.bindSecrets()
	}
	return fmt.Errorf("the manager could not write a report of Organization %q: %s%s", org.Name, told.Message, hint)
}

// whyNoAnswer is the likely cause of a silence, and what to do.
func (c *cluster) whyNoAnswer(org *v1alpha1.Organization) string {
	if ready := state(org.Status.Conditions, v1alpha1.ConditionReady); ready.Message != "" && ready.Status != metav1.ConditionTrue {
		return "The Organization is not ready: " + ready.Message
	}
	return "Look whether the manager runs, and whether it works in this namespace. " + c.bindSecrets()
}

// bindSecrets is the command that gives the manager the right to write Secrets.
func (c *cluster) bindSecrets() string {
	return fmt.Sprintf("To let it write Secrets here: kubectl create rolebinding rollcall-secrets -n %s "+
		"--clusterrole=rollcall-secrets --serviceaccount=rollcall-system:rollcall-manager", c.namespace)
}
