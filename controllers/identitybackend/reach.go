package identitybackend

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// unread finds the system. Credentials that cannot be read are told as such, and
// say nothing about whether the system could be reached; the outcome is empty
// when it was found.
func (r *Reconciler) unread(ctx context.Context, s *scope) phase.Outcome {
	backend, err := r.Backends.For(ctx, s.object.Namespace, &v1alpha1.LocalReference{Name: s.object.Name})
	if err == nil {
		s.backend = backend
		return phase.Outcome{}
	}
	step := phase.Step{Condition: v1alpha1.ConditionReachable, Answer: verdict.Of(err)}
	switch directory.KindOf(err) {
	case directory.KindCredentials:
		step.Condition = v1alpha1.ConditionCredentialsValid
		step.Answer.Message = cause(err) + "; it is looked at again every minute."
	case directory.KindInvalid:
		step.Answer.Message = "The spec cannot be used: " + cause(err) + "."
	}
	return phase.Outcome{Steps: []phase.Step{step}}
}

// reach asks the system, and what it can do. An answer that refuses us is one,
// and is told by the next phase.
func (r *Reconciler) reach(ctx context.Context, s *scope) phase.Answer {
	err := r.ask(ctx, s)
	switch directory.KindOf(err) {
	case directory.KindCredentials, directory.KindDenied:
		s.refused = err
	case directory.KindUnavailable:
		return s.unavailable(err)
	case "":
	default:
		return r.again(verdict.Of(err))
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "The backend answers.")
}

// again has a system be asked once more that refused for good: what it refused
// is nothing that somebody declared, and no event tells when it is mended.
func (r *Reconciler) again(a phase.Answer) phase.Answer {
	if a.Word == phase.WordStalled {
		a.Until = r.Clock.Now().Add(recheck)
	}
	return a
}

// ask finds out whether the system answers, and what it can do.
func (r *Reconciler) ask(ctx context.Context, s *scope) error {
	if err := s.backend.Check(ctx); err != nil {
		return err
	}
	can, err := s.backend.Capabilities(ctx)
	if err == nil {
		s.object.Status.Capabilities = ability.Summary(can)
	}
	return err
}

// unavailable tells why a foreign system cannot be used: whoever wrote its URL
// must be able to find out that something else than what was meant answers
// there. The causes are few and constant. Why our own database does not answer
// is for the log.
func (s *scope) unavailable(err error) phase.Answer {
	a := verdict.Of(err)
	if s.object.Spec.Type != v1alpha1.BackendEmbedded {
		a.Message = "The backend cannot be used: " + cause(err) + "; it is tried again."
	}
	return a
}

// cause is what a backend says about an error, without what it was doing then.
func cause(err error) string {
	if e, ok := errors.AsType[*directory.Error](err); ok && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}

// present tells whether the system takes our credentials.
func (r *Reconciler) present(_ context.Context, s *scope) phase.Answer {
	if s.refused != nil {
		return verdict.Of(s.refused)
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "The backend takes our credentials.")
}
