package user

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// locate finds under which address the backend knows the person. It is the
// declared one, unless that was changed after they came in: then it is the
// former one, until the person confirms the other. What was done for an address
// that is declared no longer, and by which nobody came in, is taken back.
func (r *Reconciler) locate(ctx context.Context, s *scope) error {
	held, err := r.Holdings.HeldBy(ctx, s.id, s.user.Name)
	if err != nil {
		return err
	}
	if err := r.recordSuspension(ctx, held, false); err != nil {
		return err
	}
	for _, h := range held {
		if h.Address == s.person.Address {
			continue
		}
		isIn, err := r.leave(ctx, s, h.Address)
		if err != nil {
			return err
		}
		if isIn {
			s.current = h.Address
		}
	}
	return nil
}

// leave takes back what was done for a former address, and reports whether the
// person is in under it; then nothing is taken back.
func (r *Reconciler) leave(ctx context.Context, s *scope, former string) (bool, error) {
	isIn, err := r.cameIn(ctx, s, former)
	if err != nil || isIn {
		return isIn, err
	}
	// The link dies before the member goes: otherwise somebody could accept in
	// between. Whoever was faster is in, and stays.
	if err := s.inviter.Close(ctx, s.id, former); err != nil {
		return false, fmt.Errorf("revoke invitation of the former address: %w", err)
	}
	if isIn, err = r.cameIn(ctx, s, former); err != nil || isIn {
		return isIn, err
	}
	how := directory.RemovalDrop
	if !s.can.Can(how) {
		how = directory.RemovalDisable
	}
	if err := s.backend.RemoveMember(ctx, s.id, former, how); err != nil {
		return false, fmt.Errorf("remove former address: %w", err)
	}
	return false, r.Holdings.Release(ctx, s.id, former, s.user.Name)
}

// cameIn reports whether somebody has joined under the address. Who has accepted
// and is yet to be let in, as where people sign in elsewhere, is let in: applying
// does that, and to whoever has not accepted it does nothing.
func (r *Reconciler) cameIn(ctx context.Context, s *scope, of string) (bool, error) {
	member, err := s.backend.Member(ctx, s.id, of)
	if err == nil && s.mayComeIn(member) {
		member, err = s.backend.ApplyMember(ctx, directory.Member{Organization: s.id, Address: of, State: s.person.State})
	}
	if directory.IsKind(err, directory.KindNotFound) {
		return false, nil
	}
	return err == nil && !member.JoinedAt.IsZero(), err
}

// hold records that this User manages the current address, before anything is
// done for it, and makes sure that the declared one can be asked for.
func (r *Reconciler) hold(ctx context.Context, s *scope) phase.Answer {
	known, a := r.holdable(ctx, s, s.current)
	if a.Word != phase.WordDone {
		return a
	}
	if s.moving() {
		if _, a := r.holdable(ctx, s, s.person.Address); a.Word != phase.WordDone {
			return a
		}
	}
	if known.Holder == s.user.Name {
		s.holding = known
		return phase.Done("", "")
	}
	s.holding = known
	s.holding.Organization, s.holding.Address, s.holding.Holder = s.id, s.current, s.user.Name
	// Whoever takes over does so because they are not suspended.
	s.holding.Suspended = false
	if known.Origin == "" {
		origin, err := r.origin(ctx, s)
		if err != nil {
			return verdict.Of(err)
		}
		s.holding.Origin = origin
	}
	if err := r.Holdings.Hold(ctx, s.holding, known.Holder); err != nil {
		return verdict.Of(err)
	}
	return phase.Done("", "")
}

// origin tells whether the member was there before. Whoever came by an
// InviteLink is there before their User is, and was not adopted.
func (r *Reconciler) origin(ctx context.Context, s *scope) (directory.HoldingOrigin, error) {
	_, err := s.backend.Member(ctx, s.id, s.current)
	switch {
	case err == nil && s.user.Labels[v1alpha1.LabelLink] == "":
		return directory.HoldingAdopted, nil
	case err == nil, directory.IsKind(err, directory.KindNotFound):
		return directory.HoldingCreated, nil
	}
	return "", err
}

// holdable returns who holds an address, the zero value for nobody, when this
// User may hold it. The answer is Done then, and else what to wait for.
func (r *Reconciler) holdable(ctx context.Context, s *scope, at string) (directory.Holding, phase.Answer) {
	known, err := r.Holdings.Holding(ctx, s.id, at)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		return directory.Holding{}, phase.Done("", "")
	case err != nil:
		return known, verdict.Of(err)
	case known.Holder == s.user.Name:
		return known, phase.Done("", "")
	}
	if name, leaving := directory.IsLeaving(known.Holder); leaving {
		return known, r.afterRemoval(ctx, s, known, name)
	}
	return known, r.takeOver(ctx, s, known)
}

const (
	// removalTakes is how soon it is looked again whether a removal is over.
	removalTakes = time.Second
	// removalIsOver is when one that nobody finishes is taken for broken off.
	removalIsOver = time.Minute
)

// afterRemoval waits while the member is being removed: for a User that is
// deleted, or for the organization where the name is empty. Whose declaration
// is gone was not removed after all, and is taken over.
func (r *Reconciler) afterRemoval(ctx context.Context, s *scope, known directory.Holding, name string) phase.Answer {
	wait := phase.WaitingFor(removalTakes, v1alpha1.ReasonDependencyNotReady, "Waits until the former membership of this address has ended.")
	if name == "" {
		if r.Clock.Now().Sub(known.Since) < removalIsOver {
			return wait
		}
		return phase.Done("", "")
	}
	other := &v1alpha1.User{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.user.Namespace, Name: name}, other)
	switch {
	case apierrors.IsNotFound(err), err == nil && other.DeletionTimestamp == nil:
		return phase.Done("", "")
	case err != nil:
		return verdict.Of(fmt.Errorf("get holder: %w", err))
	}
	return wait
}

// takeOver waits while another living User is in under the address and has yet
// to confirm the one that it declares now. From anybody else the membership is
// taken over: the manifest was renamed, or this one has precedence.
func (r *Reconciler) takeOver(ctx context.Context, s *scope, known directory.Holding) phase.Answer {
	other := &v1alpha1.User{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.user.Namespace, Name: known.Holder}, other)
	if apierrors.IsNotFound(err) || err == nil && other.DeletionTimestamp != nil {
		return phase.Done("", "")
	}
	if err != nil {
		return verdict.Of(fmt.Errorf("get holder: %w", err))
	}
	declares, err := address.Canonical(other.Spec.Email)
	if err == nil && declares == known.Address || other.Spec.OrganizationRef != s.user.Spec.OrganizationRef {
		return phase.Done("", "")
	}
	return phase.Waiting(v1alpha1.ReasonDependencyNotReady, fmt.Sprintf(
		"Waits for User %q, who has this address until another one is confirmed.", other.Name))
}

// holdAlso records that this User manages the declared address too, while the
// person is in under another one: so what was sent there can be taken back. An
// address under which somebody else is in is refused.
func (r *Reconciler) holdAlso(ctx context.Context, s *scope) error {
	known, a := r.holdable(ctx, s, s.person.Address)
	if a.Word != phase.WordDone {
		return directory.Errorf(directory.KindConflict, "hold the changed address", "somebody else has it still")
	}
	_, err := s.backend.Member(ctx, s.id, s.person.Address)
	switch {
	case err == nil && known.Holder != s.user.Name:
		return directory.Errorf(directory.KindExists, "hold the changed address",
			"somebody else is a member under the new address: remove them first, or choose another address")
	case err != nil && !directory.IsKind(err, directory.KindNotFound):
		return err
	}
	return r.Holdings.Hold(ctx, directory.Holding{
		Organization: s.id, Address: s.person.Address, Holder: s.user.Name, Origin: directory.HoldingCreated,
		Applied: known.Applied, Standing: known.Standing,
	}, known.Holder)
}

// move gives the member the declared address, which the person has confirmed.
func (r *Reconciler) move(ctx context.Context, s *scope) error {
	changer, ok := s.backend.(directory.AddressChanger)
	if !ok {
		return directory.Errorf(directory.KindUnsupported, "change address", "a member's address cannot be changed; delete this User and apply one with the new address")
	}
	former := s.current
	if err := r.holdAlso(ctx, s); err != nil {
		return err
	}
	if err := changer.ChangeAddress(ctx, s.id, former, s.person.Address); err != nil {
		return err
	}
	s.current = s.person.Address
	member, err := s.backend.Member(ctx, s.id, s.current)
	if err != nil {
		return err
	}
	s.observed(member)
	if err := s.inviter.Close(ctx, s.id, former); err != nil {
		return err
	}
	if err := r.Holdings.Release(ctx, s.id, former, s.user.Name); err != nil {
		return err
	}
	r.Recorder.Eventf(s.user, nil, corev1.EventTypeNormal, v1alpha1.ReasonAddressChanged, "ChangeAddress", "%s", "The person confirmed the changed address.")
	return nil
}
