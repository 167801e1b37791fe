package organization

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

const (
	// exportFor is how long an export lies in its Secret, and for how long one
	// that fails is tried again.
	exportFor = 10 * time.Minute
	// exportAgain is how soon.
	exportAgain = time.Minute
	// exportedEntries is how much of the audit trail an export has.
	exportedEntries = 5000
)

// exported is what this process knows about an export.
type exported struct {
	// request is the annotation's value that it answers.
	request string
	// until is when the Secret goes, or when a failing export is given up.
	until time.Time
	// again is when a failing one is tried next.
	again time.Time
}

// export writes an export of the organization into a Secret when somebody asks
// for one, and deletes it after a while. It returns when something is to be done
// next; zero for never. A failure is told in status.report and holds nothing
// else up.
func (r *Reconciler) export(ctx context.Context, s *scope) time.Time {
	asked, told := request(s.organization, v1alpha1.AnnotationReport), s.organization.Status.Report
	e := &r.appointment(s).report
	switch {
	case asked == "" && (told == nil || told.SecretRef == nil):
		s.organization.Status.Report = nil
		return time.Time{}
	case asked == "":
		return r.withdraw(ctx, s)
	case told != nil && told.RequestedAt == asked && told.Reason == "":
		return r.expire(ctx, s, e)
	case e.request != asked:
		*e = exported{request: asked, until: r.Clock.Now().Add(exportFor)}
	case !r.Clock.Now().Before(e.until):
		return time.Time{}
	case r.Clock.Now().Before(e.again):
		return e.again
	}
	return r.answer(ctx, s, e)
}

// answer tries to write an export, and tells in the status where it is, or why not.
func (r *Reconciler) answer(ctx context.Context, s *scope, e *exported) time.Time {
	now := r.Clock.Now()
	err := r.writeExport(ctx, s, e.request, now.Add(exportFor))
	if err == nil {
		e.until = now.Add(exportFor)
		s.organization.Status.Report = &v1alpha1.OrganizationReport{
			RequestedAt: e.request, SecretRef: &v1alpha1.LocalReference{Name: exportName(s.organization)},
		}
		return e.until
	}
	log.FromContext(ctx).Error(err, "write the export; it is tried again")
	if told := s.organization.Status.Report; told != nil && told.SecretRef != nil {
		// It answers an earlier request, and nobody would come back for it.
		if err := r.deleteExport(ctx, s.organization); err != nil {
			log.FromContext(ctx).Error(err, "delete an earlier export")
		}
	}
	s.organization.Status.Report = failedExport(s.organization, e.request, err)
	e.again = now.Add(exportAgain)
	return e.again
}

// failedExport tells why there is no export, in words that a script can read.
func failedExport(org *v1alpha1.Organization, asked string, err error) *v1alpha1.OrganizationReport {
	told := &v1alpha1.OrganizationReport{RequestedAt: asked}
	switch {
	case apierrors.IsForbidden(err):
		told.Reason = v1alpha1.ReasonSecretDenied
		told.Message = fmt.Sprintf("The manager may not write Secrets in namespace %q; bind the ClusterRole rollcall-secrets to it there.", org.Namespace)
	case errors.Is(err, errNotOurs):
		told.Reason = v1alpha1.ReasonSecretDenied
		told.Message = fmt.Sprintf("Secret %q exists and is not this Organization's; rename or delete it.", exportName(org))
	case errors.Is(err, report.ErrTooLarge):
		told.Reason = v1alpha1.ReasonUnsupported
		told.Message = "The organization is too large for an export into a Secret, which holds 1 MiB."
	default:
		a := verdict.Of(err)
		told.Reason, told.Message = a.Reason, a.Message
	}
	return told
}

// writeExport gathers all that is exported, and writes it into the Secret.
func (r *Reconciler) writeExport(ctx context.Context, s *scope, asked string, until time.Time) error {
	members, complete, err := listMembers(ctx, mayBeMissing{s.backend}, s.id)
	if err != nil {
		return err
	}
	holdings, err := r.holdings(ctx, s)
	if err != nil {
		return err
	}
	invitations, err := r.invitations(ctx, s)
	if err != nil {
		return err
	}
	entries, older, err := r.Trail.Newest(ctx, s.id, exportedEntries)
	if err != nil {
		return fmt.Errorf("read the audit trail: %w", err)
	}
	whole := report.Report{RequestedAt: asked, Complete: complete, Audit: entries, AuditTruncated: older}
	if err := r.countDone(ctx, s, &whole); err != nil {
		return err
	}
	held := make(map[string]*directory.Holding, len(holdings))
	for i := range holdings {
		held[holdings[i].Address] = &holdings[i]
	}
	for i := range members {
		whole.Members = append(whole.Members, report.MemberOf(members[i], held[members[i].Address]))
	}
	for i := range invitations {
		whole.Invitations = append(whole.Invitations, report.InvitationOf(invitations[i]))
	}
	data, err := report.Encode(whole)
	if err != nil {
		return fmt.Errorf("encode the export: %w", err)
	}
	return r.storeExport(ctx, s.organization, data, until)
}

// expire deletes the Secret when its time is over. After a restart the Secret
// itself says when that is.
func (r *Reconciler) expire(ctx context.Context, s *scope, e *exported) time.Time {
	told := s.organization.Status.Report
	if told.SecretRef == nil {
		return time.Time{}
	}
	if e.request != told.RequestedAt {
		until, err := r.exportUntil(ctx, s.organization)
		if err != nil {
			log.FromContext(ctx).Error(err, "look when the export expires; it is tried again")
			return r.Clock.Now().Add(exportAgain)
		}
		*e = exported{request: told.RequestedAt, until: until}
	}
	if r.Clock.Now().Before(e.until) {
		return e.until
	}
	return r.withdraw(ctx, s)
}

// withdraw deletes the Secret, and keeps the echo of the request: it was answered.
func (r *Reconciler) withdraw(ctx context.Context, s *scope) time.Time {
	if err := r.deleteExport(ctx, s.organization); err != nil {
		log.FromContext(ctx).Error(err, "delete the export; it is tried again")
		return r.Clock.Now().Add(exportAgain)
	}
	s.organization.Status.Report.SecretRef = nil
	if request(s.organization, v1alpha1.AnnotationReport) == "" {
		s.organization.Status.Report = nil
	}
	return time.Time{}
}

// countDone tells what the rails have let through within their windows, so that
// a plan counts it too. Of mail that is known only while the rail stops some.
func (r *Reconciler) countDone(ctx context.Context, s *scope, whole *report.Report) error {
	removals, err := r.Rails.Removals(ctx, s.id, census.Removals(&s.organization.Spec.Safety).Window)
	if err != nil {
		return fmt.Errorf("count the removals: %w", err)
	}
	held, err := r.Rails.HeldMail(ctx, s.id)
	if err != nil {
		return fmt.Errorf("count the mail: %w", err)
	}
	whole.RemovalsDone, whole.InvitationsDone = removals.Done, held.Done
	return nil
}
