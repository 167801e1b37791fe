package invitelink

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// pageOf is how many people are read at once.
const pageOf = 200

// goOn takes everybody further who wants to join. What goes wrong with one
// delays nobody else; it is tried again.
func (r *Reconciler) goOn(ctx context.Context, s *scope) error {
	return errors.Join(
		r.each(ctx, s, directory.JoinAwaitingApproval, r.approved),
		r.each(ctx, s, directory.JoinConfirmed, r.declare),
		r.each(ctx, s, directory.JoinRequested, r.ask),
	)
}

type step func(ctx context.Context, s *scope, j directory.Join) error

// each takes a step with everybody who is so far.
func (r *Reconciler) each(ctx context.Context, s *scope, state directory.JoinState, f step) error {
	var failed []error
	after := ""
	for {
		page, err := r.Links.Joins(ctx, directory.JoinQuery{
			Organization: s.id, Link: s.object.Name, State: state, After: after, Limit: pageOf,
		})
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, j := range page {
			after = j.Address
			if err := f(ctx, s, j); err != nil {
				failed = append(failed, err)
			}
		}
		if len(page) < pageOf {
			return errors.Join(failed...)
		}
	}
}

// ask has somebody who entered an address confirm it, unless the address is
// declared or known already: who is in, and who is kept out, is sent nothing.
func (r *Reconciler) ask(ctx context.Context, s *scope, j directory.Join) error {
	known, err := r.known(ctx, s, j)
	if err != nil {
		return err
	}
	if known {
		return r.Links.ForgetJoin(ctx, j)
	}
	if _, err := r.Links.AskToConfirm(ctx, j); !directory.IsKind(err, directory.KindNotFound) {
		return err
	}
	return nil
}

func (r *Reconciler) known(ctx context.Context, s *scope, j directory.Join) (bool, error) {
	users, err := r.usersOf(ctx, s, j)
	if err != nil || len(users) > 0 {
		return true, err
	}
	member, err := s.backend.Member(ctx, s.id, j.Address)
	if directory.IsKind(err, directory.KindNotFound) {
		return false, nil
	}
	return member.State != directory.MemberInvited, err
}

// usersOf are the Users of an address, those on their way out included.
func (r *Reconciler) usersOf(ctx context.Context, s *scope, j directory.Join) ([]v1alpha1.User, error) {
	var users v1alpha1.UserList
	key := index.PersonKey(s.object.Spec.OrganizationRef.Name, j.Address)
	err := r.Client.List(ctx, &users, client.InNamespace(s.object.Namespace), client.MatchingFields{index.Person: key})
	if err != nil {
		return nil, fmt.Errorf("list users of the address: %w", err)
	}
	return users.Items, nil
}

// declare makes the User of somebody who has confirmed the address, unless
// somebody else declared one meanwhile.
func (r *Reconciler) declare(ctx context.Context, s *scope, j directory.Join) error {
	users, err := r.usersOf(ctx, s, j)
	if err != nil {
		return err
	}
	next := directory.JoinSettled
	if living(users) == nil {
		made, err := r.create(ctx, s, j)
		if err != nil {
			return err
		}
		if made != "" && j.Approval {
			next = directory.JoinAwaitingApproval
		}
	}
	return r.Links.MoveJoin(ctx, j, next)
}

func living(users []v1alpha1.User) *v1alpha1.User {
	for i := range users {
		if users[i].DeletionTimestamp == nil {
			return &users[i]
		}
	}
	return nil
}

// approved settles a join whose User lets the person in, or is gone: both are
// somebody's answer.
func (r *Reconciler) approved(ctx context.Context, s *scope, j directory.Join) error {
	users, err := r.usersOf(ctx, s, j)
	if err != nil {
		return err
	}
	u := living(users)
	if u == nil {
		// The cache may not have it yet.
		u = &v1alpha1.User{}
		key := client.ObjectKey{Namespace: s.object.Namespace, Name: reference.UserName(s.object.Spec.OrganizationRef.Name, j.Address)}
		err := r.Direct.Get(ctx, key, u)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("get user: %w", err)
		}
	}
	if u.Name != "" && u.DeletionTimestamp == nil && u.Spec.Access == v1alpha1.AccessDisabled {
		return nil
	}
	return r.Links.MoveJoin(ctx, j, directory.JoinSettled)
}

// announce tells on the InviteLink of somebody who came.
func (r *Reconciler) announce(s *scope, user string, approval bool) {
	if approval {
		r.Recorder.Eventf(s.object, nil, corev1.EventTypeNormal, v1alpha1.ReasonJoinRequested, "Join",
			"User %q waits for an approval; kubectl rollcall approve user/%s lets the person in, deleting the User refuses.", user, user)
		return
	}
	r.Recorder.Eventf(s.object, nil, corev1.EventTypeNormal, v1alpha1.ReasonJoinedByLink, "Join", "User %q has joined.", user)
}
