package scim

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// sweeps is how many listings are read at most before it is left for later.
const sweeps = 6

// swept is what one listing brought.
type swept struct {
	extent
	// gone is how many were removed, whom no listing before had shown.
	gone int
}

// sweep removes what a listing shows, listing by listing: until one is complete,
// or has shown nothing that is left and [Backend.absent] says that nothing is. It is
// for what is ours by itself: nobody else's absence follows. KindUnavailable when
// more and more comes to light.
func (b *Backend) sweep(kind protocol.ResourceKind, key string, round func() (swept, error)) error {
	for range sweeps {
		got, err := round()
		switch {
		case err != nil:
			return err
		case got.complete:
			return nil
		case got.gone == 0:
			return b.absent(kind, key, got.extent)
		}
		b.absences.forget(key)
	}
	return directory.Errorf(directory.KindUnavailable, "", "the service provider's listing is not complete, and shows something else each time")
}

// userSweep removes the users of an organization.
type userSweep struct {
	b   *Backend
	v   *view
	org directory.OrganizationID
	// gone are the ids of users who are done with.
	gone map[string]bool
	// asked are the addresses of those who were looked for by themselves.
	asked map[string]bool
	// stay are the addresses of those of whom it was refused: they keep nobody else.
	stay map[string]bool
	// refusal is why the first of them stays.
	refusal error
}

// usersOf is what a sweep of an organization's users is, for [Backend.absent].
func usersOf(org directory.OrganizationID) string { return "users of " + string(org) }

// removeUsers removes the users of an organization, but for those of whom it is
// refused.
func (b *Backend) removeUsers(ctx context.Context, v *view, org directory.OrganizationID) (*userSweep, error) {
	w := &userSweep{b: b, v: v, org: org, gone: map[string]bool{}, asked: map[string]bool{}, stay: map[string]bool{}}
	return w, b.sweep(protocol.Users, usersOf(org), func() (swept, error) { return w.round(ctx) })
}

// end forgets the admissions of those who are gone. The error is about those who
// stay.
func (w *userSweep) end(ctx context.Context) error {
	if w.refusal == nil {
		return w.b.admissions.Dismiss(ctx, w.org, "")
	}
	err := w.b.eachAdmission(ctx, w.org, func(a directory.Admission) error {
		if w.stay[a.Address] {
			return nil
		}
		return w.b.admissions.Dismiss(ctx, w.org, a.Address)
	})
	if err != nil {
		return err
	}
	return directory.Errorf(directory.KindOf(w.refusal), "", "everything else is removed; users who stay: %d; the first of them: %w", len(w.stay), w.refusal)
}

func (w *userSweep) round(ctx context.Context) (swept, error) {
	found, seen, err := w.find(ctx)
	if err != nil {
		return swept{}, err
	}
	got := swept{extent: seen}
	for _, s := range found {
		done, err := w.b.letGo(ctx, w.v, s)
		switch {
		case refused(err):
			w.stays(s.address, err)
		case err != nil:
			return swept{}, err
		case done:
			got.gone++
		}
		w.gone[s.user.ID()] = true
	}
	return got, nil
}

func (w *userSweep) stays(address string, why error) {
	w.stay[address] = true
	if w.refusal == nil {
		w.refusal = why
	}
}

// find returns those who may have to go, and what the listing was.
func (w *userSweep) find(ctx context.Context) ([]sight, extent, error) {
	admitted := map[string]directory.Admission{}
	err := w.b.eachAdmission(ctx, w.org, func(a directory.Admission) error {
		admitted[a.Address] = a
		return nil
	})
	if err != nil {
		return nil, extent{}, err
	}
	var found []sight
	shown := map[string]bool{}
	seen, err := w.b.all(ctx, protocol.ListRequest{Kind: protocol.Users}, func(user protocol.Resource) {
		a, is := addressOf(w.org, user)
		if !is {
			return
		}
		shown[a] = true
		s := sight{person: person{w.org, a}, user: user, admission: admitted[a], keyed: w.b.learnt.keyed()}
		if _, _, ours := parseUserKey(user.ExternalID()); (ours || s.admitted()) && !w.gone[user.ID()] && !w.stay[a] {
			found = append(found, s)
		}
	})
	if err != nil {
		return nil, extent{}, err
	}
	for address := range admitted {
		// Not every listing shows everybody.
		if shown[address] || w.asked[address] {
			continue
		}
		w.asked[address] = true
		s, err := w.b.lookFor(ctx, w.v, person{w.org, address}, search{swept: true})
		switch {
		case refused(err):
			w.stays(address, err)
		case err != nil:
			return nil, extent{}, err
		case s.there() && !w.gone[s.user.ID()]:
			found = append(found, s)
		}
	}
	return found, seen, nil
}
