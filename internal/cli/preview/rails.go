package preview

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/report"
)

// Rail is a safety rail that would stop something.
type Rail struct {
	// Reason is that of the condition which would tell of it, such as TooManyRemovals.
	Reason string `json:"reason"`
	// Waiting counts what would be stopped; Done what went through within the
	// window, and Limit how many may, where the rail counts.
	Waiting int `json:"waiting"`
	Done    int `json:"done"`
	Limit   int `json:"limit"`
	// Users are whom it would keep, sorted, where it is about single people.
	Users []string `json:"users,omitempty"`
}

// String is one sentence.
func (r Rail) String() string {
	switch r.Reason {
	case v1alpha1.ReasonTooManyRemovals:
		return fmt.Sprintf("%s: %d people would go and %d have gone, and the limit is %d: nobody goes until it is approved", r.Reason, r.Waiting, r.Done, r.Limit)
	case v1alpha1.ReasonTooManyInvitations:
		return fmt.Sprintf("%s: %d would be invited and %d were, and the limit is %d: nobody is mailed until it is approved", r.Reason, r.Waiting, r.Done, r.Limit)
	case v1alpha1.ReasonLastAdministrator:
		return fmt.Sprintf("%s: %d administrators would be left, and the least is %d: kept are %s", r.Reason, r.Done, r.Limit, strings.Join(r.Users, ", "))
	case v1alpha1.ReasonProtectedMember:
		return fmt.Sprintf("%s: kept by safety.protectedEmails are %s", r.Reason, strings.Join(r.Users, ", "))
	default:
		return fmt.Sprintf("%s: the backend does not vouch for its listing: no undeclared member is removed", r.Reason)
	}
}

// rails judges what people would meet.
func (f Facts) rails(spec *v1alpha1.OrganizationSpec, users []v1alpha1.User, p Preview) []Rail {
	byName := map[string]*v1alpha1.User{}
	for i := range users {
		byName[users[i].Name] = &users[i]
	}
	var found []Rail
	protected := f.protected(spec, byName, p.People)
	if len(protected) > 0 {
		found = append(found, Rail{Reason: v1alpha1.ReasonProtectedMember, Waiting: len(protected), Users: protected})
	}
	last := f.lastAdministrators(spec, byName, p.People)
	if last != nil {
		found = append(found, *last)
		protected = append(protected, last.Users...)
	}
	if r := f.removals(spec, users, p, protected); r != nil {
		found = append(found, *r)
	}
	if r := f.invitations(spec, byName, p); r != nil {
		found = append(found, *r)
	}
	if f.Report != nil && !f.Report.Complete && spec.Membership.Undeclared == v1alpha1.UndeclaredRemove {
		found = append(found, Rail{Reason: v1alpha1.ReasonIncompleteObservation})
	}
	return found
}

func takesOut(e v1alpha1.PlannedEntry) bool {
	return e.Action == v1alpha1.PlannedRemove || e.Action == v1alpha1.PlannedDisable
}

// protected names those who would go, and never do. Whom no User declares the
// plan leaves out already.
func (f Facts) protected(spec *v1alpha1.OrganizationSpec, users map[string]*v1alpha1.User, people []v1alpha1.PlannedEntry) []string {
	var names []string
	for _, e := range people {
		u := users[e.User]
		if u == nil || !takesOut(e) {
			continue
		}
		if canonical, err := address.Canonical(u.Spec.Email); err == nil && census.Protected(&spec.Safety, canonical) {
			names = append(names, u.Name)
		}
	}
	slices.Sort(names)
	return names
}

// removals judges the wave; whom another rail keeps is none of it.
func (f Facts) removals(spec *v1alpha1.OrganizationSpec, users []v1alpha1.User, p Preview, kept []string) *Rail {
	going := map[string]bool{}
	wave := rails.Wave{Settled: true}
	for _, e := range p.People {
		if takesOut(e) && !slices.Contains(kept, e.User) {
			wave.Waiting++
			going[e.User] = true
		}
	}
	if f.Report != nil {
		wave.Done = f.Report.RemovalsDone
	}
	if held := f.organization().HeldRemovals; held != nil {
		wave.Held, wave.HeldDone = true, int(held.Done)
	}
	wave.Living = living(users, going)
	limit := census.Removals(&spec.Safety)
	if rails.Judge(limit, wave) != rails.Stop {
		return nil
	}
	return &Rail{
		Reason: v1alpha1.ReasonTooManyRemovals, Waiting: wave.Waiting, Done: wave.Total() - wave.Waiting, Limit: limit.Of(wave.People()),
	}
}

// living counts the people who stay.
func living(users []v1alpha1.User, going map[string]bool) int {
	n := 0
	for i := range users {
		if users[i].DeletionTimestamp == nil && !going[users[i].Name] && users[i].Spec.Access != v1alpha1.AccessDisabled {
			n++
		}
	}
	return n
}

// invitations judges the mail that is of no batch and no link.
func (f Facts) invitations(spec *v1alpha1.OrganizationSpec, users map[string]*v1alpha1.User, p Preview) *Rail {
	mailed := 0
	for _, e := range p.People {
		u := users[e.User]
		if e.Action == v1alpha1.PlannedInvite && u != nil && u.Labels[v1alpha1.LabelBatch] == "" && u.Labels[v1alpha1.LabelLink] == "" &&
			u.Spec.Invitation.Delivery != v1alpha1.DeliveryLink {
			mailed++
		}
	}
	done := 0
	if f.Report != nil {
		done = f.Report.InvitationsDone
	}
	limit := census.Invitations(&spec.Safety).Of(len(users))
	if mailed == 0 || mailed+done <= limit {
		return nil
	}
	return &Rail{Reason: v1alpha1.ReasonTooManyInvitations, Waiting: mailed, Done: done, Limit: limit}
}

// lastAdministrators judges whether enough of those who are in and administer stay.
func (f Facts) lastAdministrators(spec *v1alpha1.OrganizationSpec, users map[string]*v1alpha1.User, people []v1alpha1.PlannedEntry) *Rail {
	least := census.MinAdministrators(&spec.Safety)
	if f.Report == nil || least == 0 {
		return nil
	}
	administering := f.administering()
	touched := losing(users, people, administering)
	left := 0
	var kept []string
	for _, m := range f.Report.Members {
		if m.State != directory.MemberActive || !administers(m, administering) {
			continue
		}
		if name, goes := touched[m.Address]; goes {
			kept = append(kept, name)
			continue
		}
		left++
	}
	if len(kept) == 0 || left >= least {
		return nil
	}
	slices.Sort(kept)
	return &Rail{Reason: v1alpha1.ReasonLastAdministrator, Waiting: len(kept), Done: left, Limit: least, Users: kept}
}

// losing are the Users, by address, of people who would be taken out or get
// roles of which none administers.
func losing(users map[string]*v1alpha1.User, people []v1alpha1.PlannedEntry, administering map[string]bool) map[string]string {
	touched := map[string]string{}
	for _, e := range people {
		u := users[e.User]
		if u == nil {
			continue
		}
		demoted := e.Action == v1alpha1.PlannedChange && u.Spec.Roles != nil && !grantsOne(u.Spec.Roles, administering)
		if canonical, err := address.Canonical(u.Spec.Email); err == nil && (demoted || takesOut(e)) {
			touched[canonical] = u.Name
		}
	}
	return touched
}

func grantsOne(roles []v1alpha1.RoleGrant, administering map[string]bool) bool {
	return slices.ContainsFunc(roles, func(g v1alpha1.RoleGrant) bool { return administering[g.Name] })
}

func administers(m report.Member, administering map[string]bool) bool {
	return slices.ContainsFunc(m.Grants, func(g report.Grant) bool { return administering[g.Role] })
}

// organization is the status of the Organization; the zero one before it exists.
func (f Facts) organization() v1alpha1.OrganizationStatus {
	if o, ok := f.There[Key{Kind: "Organization", Name: f.Organization}].(*v1alpha1.Organization); ok {
		return o.Status
	}
	return v1alpha1.OrganizationStatus{}
}
