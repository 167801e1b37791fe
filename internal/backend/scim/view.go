package scim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func compare[T cmp.Ordered](a, b T) int { return cmp.Compare(a, b) }

// view is what can be done at the service provider as it describes itself, and
// as it was found to be.
type view struct {
	features protocol.Features
	learnt   *lessons
	// fields are those of a profile that are kept.
	fields       []field
	units, roles holder
	// notes say what is not kept, and why.
	notes []string
}

// grouped reports whether anything is held in groups.
func (v *view) grouped() bool { return v.units.in == HeldInGroups || v.roles.in == HeldInGroups }

func (v *view) holdsUnits() bool { return v.units.in != HeldNowhere }
func (v *view) holdsRoles() bool { return v.roles.in != HeldNowhere }

// unitGrants reports whether a role can be granted within a unit: there is a
// group for that.
func (v *view) unitGrants() bool {
	return v.units.in == HeldInGroups && v.roles.in == HeldInGroups
}

// view asks the client, which remembers what it was told.
func (b *Backend) view(ctx context.Context) (*view, error) {
	if err := b.remember(ctx); err != nil {
		return nil, err
	}
	features, err := b.client.Features(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{features: features, learnt: &b.learnt, notes: slices.Clone(features.Assumed)}
	for _, f := range b.fields {
		switch reason := b.unkept(features, f); {
		case reason == "":
			v.fields = append(v.fields, f)
		case b.named[f.name]:
			v.notes = append(v.notes, fmt.Sprintf("The attribute %s for %s %s.", f.path, f.name, reason))
		}
	}
	v.units = v.hold(b.units, "business units")
	v.roles = v.hold(b.roles, "roles")
	if !features.Delete || b.learnt.noDelete.Load() {
		v.notes = append(v.notes, "Users cannot be deleted; they can be disabled.")
	}
	if !v.has("active") {
		v.notes = append(v.notes, "Whether a user is active cannot be changed: nobody can be disabled, and who is invited is created when they accept.")
	}
	if b.learnt.noActive.Load() {
		v.notes = append(v.notes, "That nobody can be disabled was found by trying; it is tried again after an edit of the IdentityBackend.")
	}
	if b.learnt.noWaiting.Load() {
		v.notes = append(v.notes, "Users are created active, and deleted when they are deactivated: who is invited is created when they accept. "+
			"It is tried again after an edit of the IdentityBackend.")
	}
	if b.learnt.noUserKey.Load() {
		v.notes = append(v.notes, "The externalId of users is not kept; they are known by their userName.")
	}
	if b.learnt.noGroupKey.Load() {
		v.notes = append(v.notes, "The externalId of groups is not kept; they are known by their displayName, which shows no name that people gave.")
	}
	if n := b.learnt.nameless.Load(); n > 0 {
		v.notes = append(v.notes, fmt.Sprintf("The last listing had %d users without an address; they are nobody's member.", n))
	}
	slices.Sort(v.notes)
	v.notes = slices.Compact(v.notes)
	return v, nil
}

// unkept says why a field cannot be kept; empty when it can.
func (b *Backend) unkept(features protocol.Features, f field) string {
	if b.learnt.isLost(f.name) {
		return "is not kept"
	}
	a, known := features.Attribute(protocol.Users, f.path)
	switch {
	case known == protocol.Undefined:
		return "is not in the schemas"
	case known == protocol.Unknown:
		return ""
	case a.Mutability == protocol.ReadOnly || a.Mutability == protocol.Immutable:
		return "cannot be changed"
	case a.Mutability == protocol.WriteOnly || a.Returned == "never":
		return "cannot be read"
	case a.Type == "complex":
		return "is not a simple attribute"
	}
	return ""
}

// hold fits a holding to the service provider.
func (v *view) hold(h holder, what string) holder {
	switch h.in {
	case HeldInGroups:
		if !v.features.Groups.Supported {
			v.notes = append(v.notes, fmt.Sprintf("There are no groups, so %s cannot be held.", what))
			return holder{in: HeldNowhere}
		}
	case HeldInAttribute:
		a, known := v.features.Attribute(protocol.Users, h.path)
		if known == protocol.Undefined {
			v.notes = append(v.notes, fmt.Sprintf("The attribute %s for %s is not in the schemas.", h.path, what))
			return holder{in: HeldNowhere}
		}
		whole := a
		if h.path.Sub() != "" {
			h.sub = h.path.Sub()
			h.path = protocol.MustPath(strings.TrimSuffix(h.path.String(), "."+h.sub))
			whole, _ = v.features.Attribute(protocol.Users, h.path)
		}
		h.many = whole.MultiValued
		if h.sub == "" && a.Type == "complex" {
			h.sub = "value"
		}
	case HeldNowhere:
	}
	return h
}

// Capabilities implements [directory.Backend].
func (b *Backend) Capabilities(ctx context.Context) (directory.Capabilities, error) {
	v, err := b.view(ctx)
	if err != nil {
		return directory.Capabilities{}, inOp("discover what the service provider can do", err)
	}
	c := directory.Capabilities{
		Invitations: directory.InvitationsOurs, SignIn: directory.SignInElsewhere, Tenancy: directory.TenancyOne,
		PageSize: v.features.PageSize, Units: v.holdsUnits(), Roles: v.holdsRoles(), UnitGrants: v.unitGrants(),
		UncheckedUnits: v.units.in == HeldInAttribute, UncheckedRoles: v.roles.in == HeldInAttribute,
		Removals: b.removals(v), Notes: v.notes,
	}
	for _, f := range v.fields {
		c.Fields = append(c.Fields, f.name)
	}
	return c, nil
}

func (b *Backend) removals(v *view) []directory.Removal {
	var all []directory.Removal
	if v.features.Delete && !b.learnt.noDelete.Load() {
		all = append(all, directory.RemovalDrop, directory.RemovalDelete)
	}
	if v.has("active") {
		all = append(all, directory.RemovalDisable)
	}
	return all
}

// immediate reports whether invited people are created before they accept: only
// where they can be kept out until then.
func (b *Backend) immediate(v *view) bool {
	return b.provisioning == ProvisionImmediately && v.has("active") && !b.learnt.noWaiting.Load()
}
