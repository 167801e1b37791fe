package example

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ourTeams begins the keys of the teams that we made.
const ourTeams = "rollcall-"

// team is one at the service.
type team struct {
	Key   string `json:"key"`
	Title string `json:"title"`
}

func (t *team) whole() bool { return t.Key != "" }

type teams struct {
	Teams []team `json:"teams"`
}

func (t *teams) whole() bool { return t.Teams != nil }

func (b *Backend) teams(ctx context.Context, op string) ([]team, error) {
	var found teams
	err := b.call(ctx, exchange{op: op, method: http.MethodGet, path: "/teams", answer: &found})
	return found.Teams, err
}

// wanted are the teams that somebody is to be in: those of the service's own who
// they are in, and those of the units, all of which must exist.
func (b *Backend) wanted(ctx context.Context, op string, have, units []string) ([]string, error) {
	all, err := b.teams(ctx, op)
	if err != nil {
		return nil, err
	}
	keys := slices.DeleteFunc(slices.Clone(have), func(key string) bool { return strings.HasPrefix(key, ourTeams) })
	for _, name := range units {
		if !slices.ContainsFunc(all, func(t team) bool { return t.Key == ourTeams+name }) {
			return nil, directory.Errorf(directory.KindNotFound, op, "unit %q does not exist", name)
		}
		keys = append(keys, ourTeams+name)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// ApplyUnit implements [directory.Backend].
func (b *Backend) ApplyUnit(ctx context.Context, u directory.Unit) error {
	const op = "apply a unit"
	if u.Parent != "" {
		return directory.Errorf(directory.KindUnsupported, op, "the service has no teams below teams")
	}
	if err := storable(op, u.DisplayName); err != nil {
		return err
	}
	all, err := b.teams(ctx, op)
	wanted := team{Key: ourTeams + u.Name, Title: u.DisplayName}
	if err != nil || slices.Contains(all, wanted) {
		return err
	}
	return b.call(ctx, exchange{op: op, method: http.MethodPut, path: "/teams/" + url.PathEscape(wanted.Key), body: wanted, answer: &team{}})
}

// RemoveUnit implements [directory.Backend]. The service takes everybody out of
// a team that goes.
func (b *Backend) RemoveUnit(ctx context.Context, _ directory.OrganizationID, name string) error {
	const op = "remove a unit"
	err := b.call(ctx, exchange{op: op, method: http.MethodDelete, path: "/teams/" + url.PathEscape(ourTeams+name)})
	if directory.IsKind(err, directory.KindNotFound) {
		return nil
	}
	return err
}

// ApplyRole implements [directory.Backend].
func (b *Backend) ApplyRole(context.Context, directory.Role) error {
	return directory.Errorf(directory.KindUnsupported, "apply a role", "the service has no roles")
}

// RemoveRole implements [directory.Backend].
func (b *Backend) RemoveRole(ctx context.Context, _ directory.OrganizationID, _ string) error {
	return ctx.Err()
}
