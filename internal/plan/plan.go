package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

const (
	// maxEntries is how many entries a status holds.
	maxEntries = 50
	// maxMemberID is how long a member's key in a status may be, in characters.
	maxMemberID = 256
)

// Plan returns all that would be done: removals first, then what disables,
// changes, adopts and invites, each by name. A member whom no User declares is
// removed only when the organization wants that, the listing was complete and
// the address is not protected.
func (c Comparison) Plan() []v1alpha1.PlannedEntry {
	var entries []v1alpha1.PlannedEntry
	for _, p := range c.pairs {
		if p.user.Spec.Suspend {
			continue
		}
		next := c.living
		if p.going() {
			next = c.leaving
		}
		if e := next(p); e.Action != "" {
			e.User = p.user.Name
			entries = append(entries, e)
		}
	}
	if c.facts.Complete && c.facts.Spec.Membership.Undeclared == v1alpha1.UndeclaredRemove {
		removable, _ := c.Removable()
		for i := range removable {
			entries = append(entries, v1alpha1.PlannedEntry{Action: v1alpha1.PlannedRemove, MemberID: cut(removable[i].ID)})
		}
	}
	slices.SortFunc(entries, inOrder)
	return entries
}

// Summary counts entries and keeps the first, as a status holds them.
func Summary(entries []v1alpha1.PlannedEntry) *v1alpha1.OrganizationPlan {
	var s v1alpha1.OrganizationPlan
	for i := range entries {
		switch entries[i].Action {
		case v1alpha1.PlannedInvite:
			s.Invite++
		case v1alpha1.PlannedAdopt:
			s.Adopt++
		case v1alpha1.PlannedChange:
			s.Change++
		case v1alpha1.PlannedDisable:
			s.Disable++
		case v1alpha1.PlannedRemove:
			s.Remove++
		}
	}
	s.Entries = slices.Clone(entries[:min(len(entries), maxEntries)])
	return &s
}

// leaving is what becomes of somebody whose User is being deleted.
func (Comparison) leaving(p pair) v1alpha1.PlannedEntry {
	there := p.member != nil
	switch policy := p.user.Spec.RemovalPolicy; {
	case !there || policy == v1alpha1.RemovalPolicyRetain:
		return v1alpha1.PlannedEntry{}
	case policy != v1alpha1.RemovalPolicyDisable:
		return v1alpha1.PlannedEntry{Action: v1alpha1.PlannedRemove}
	case p.member.State == directory.MemberDisabled:
		return v1alpha1.PlannedEntry{}
	}
	return v1alpha1.PlannedEntry{Action: v1alpha1.PlannedDisable}
}

// living is what is done for somebody whom a User declares: the gravest thing
// that is, with all that differs.
func (c Comparison) living(p pair) v1alpha1.PlannedEntry {
	step := invite.Decide(c.inviting(p))
	d := Decide(p.person, p.member, p.applied(), c.facts.Spec.Membership.Drift)
	differs := d.Differs
	if p.member != nil && p.member.Address != p.person.Address {
		differs = append(differs, AspectAddress)
	}
	switch {
	case p.person.State == directory.MemberDisabled && p.member != nil && p.member.State != directory.MemberDisabled:
		return v1alpha1.PlannedEntry{Action: v1alpha1.PlannedDisable}
	case step.Act == invite.ActInvite:
		return planned(v1alpha1.PlannedInvite, slices.DeleteFunc(differs, func(a Aspect) bool { return a != AspectAddress }))
	case step.Standing == invite.StandingAdopted && p.holding == nil:
		return planned(v1alpha1.PlannedAdopt, differs)
	case step.Act == invite.ActClose:
		return planned(v1alpha1.PlannedChange, append(differs, AspectInvitation))
	case d.Act == ActApply || step.Act == invite.ActMove:
		return planned(v1alpha1.PlannedChange, differs)
	}
	return v1alpha1.PlannedEntry{}
}

// inviting is what the decision about the person's invitation depends on. What
// the person is told is taken for unchanged: bringing it up to date mails nothing.
func (c Comparison) inviting(p pair) invite.Facts {
	spec := p.user.Spec.Invitation
	newest := c.invitations[p.person.Address]
	active := p.member != nil && p.member.State == directory.MemberActive
	moved := p.member != nil && p.member.Address != p.person.Address
	return invite.Facts{
		Now: c.facts.Now, Wanted: spec.Delivery != v1alpha1.DeliveryNone,
		Mail:  spec.Delivery != v1alpha1.DeliveryNone && spec.Delivery != v1alpha1.DeliveryLink,
		Asked: max(spec.Revision, 1), Request: p.user.Annotations[v1alpha1.AnnotationResend],
		Details: newest.Details, Kept: p.person.State == directory.MemberDisabled,
		Active: active && !moved || returns(p), Moving: active && moved, Invitation: newest,
	}
}

// returns reports whether lifting a disablement lets the person in again at once.
func returns(p pair) bool {
	return p.member != nil && p.member.State == directory.MemberDisabled && !p.member.JoinedAt.IsZero() &&
		p.person.State != directory.MemberDisabled
}

func planned(action v1alpha1.PlannedAction, differs []Aspect) v1alpha1.PlannedEntry {
	said := make([]string, 0, len(differs))
	for _, a := range differs {
		said = append(said, string(a))
	}
	return v1alpha1.PlannedEntry{Action: action, Detail: strings.Join(said, ", ")}
}

func inOrder(a, b v1alpha1.PlannedEntry) int {
	return cmp.Or(rank(a.Action)-rank(b.Action), cmp.Compare(a.User, b.User), cmp.Compare(a.MemberID, b.MemberID))
}

func rank(a v1alpha1.PlannedAction) int {
	return slices.Index([]v1alpha1.PlannedAction{
		v1alpha1.PlannedRemove, v1alpha1.PlannedDisable, v1alpha1.PlannedChange, v1alpha1.PlannedAdopt, v1alpha1.PlannedInvite,
	}, a)
}

func cut(id string) string {
	runes := []rune(id)
	return string(runes[:min(len(runes), maxMemberID)])
}
