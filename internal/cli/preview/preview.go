package preview

import (
	"fmt"
	"maps"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/report"
)

// Key names an object within its namespace.
type Key struct{ Kind, Name string }

// Facts is all that a preview depends on.
type Facts struct {
	Now time.Time
	// Organization is the name of the one that the preview is about.
	Organization string
	// Declared are the objects of the manifests, with defaults, and There those of
	// the cluster; both of this organization only, and the Organization itself.
	Declared, There map[Key]client.Object
	// Prune says that what is there and not declared would be deleted.
	Prune bool
	// Report is what the backend has; nil before the Organization exists.
	Report *report.Report
}

// Preview is what would follow.
type Preview struct {
	Organization string   `json:"organization"`
	Objects      []Change `json:"objects"`
	// People is what Rollcall would do, each in the words of status.plan.
	People []v1alpha1.PlannedEntry `json:"people"`
	// Counts are the numbers of People by action.
	Counts v1alpha1.OrganizationPlan `json:"counts"`
	Rails  []Rail                    `json:"rails"`
	// Undeclared is how many members no User would declare.
	Undeclared int `json:"undeclared"`
}

// Differs reports whether anything would change.
func (p Preview) Differs() bool { return len(p.Objects)+len(p.People) > 0 }

// Compute computes.
func Compute(f Facts) (Preview, error) {
	changes, err := objects(f.Declared, f.There, f.prunes)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Organization: f.Organization, Objects: append([]Change{}, changes...), Rails: []Rail{}, People: []v1alpha1.PlannedEntry{}}
	spec := f.spec()
	if spec == nil {
		return p, nil
	}
	users := f.users()
	comparison := plan.Compare(f.comparable(spec, users))
	p.People = append(p.People, comparison.Plan()...)
	p.Counts = *plan.Summary(p.People)
	p.Counts.Entries = nil
	p.Undeclared = len(comparison.Undeclared)
	p.Rails = append(p.Rails, f.rails(spec, users, p)...)
	return p, nil
}

// prunes reports whether an object that is there would go for not being declared.
// What a batch or a link made is theirs.
func (f Facts) prunes(o client.Object) bool {
	labels := o.GetLabels()
	_, organization := o.(*v1alpha1.Organization)
	return f.Prune && labels[v1alpha1.LabelBatch] == "" && labels[v1alpha1.LabelLink] == "" && !organization
}

// spec is the organization's, as it would be.
func (f Facts) spec() *v1alpha1.OrganizationSpec {
	key := Key{Kind: "Organization", Name: f.Organization}
	for _, objects := range []map[Key]client.Object{f.Declared, f.There} {
		if o, ok := objects[key].(*v1alpha1.Organization); ok {
			return &o.Spec
		}
	}
	return nil
}

func (f Facts) comparable(spec *v1alpha1.OrganizationSpec, users []v1alpha1.User) plan.Facts {
	facts := plan.Facts{Now: f.Now, Spec: spec, Users: users, Administering: f.administering()}
	if f.Report != nil {
		id := reference.OrganizationID(namespaceOf(users), v1alpha1.LocalReference{Name: f.Organization})
		facts.Members, facts.Complete = f.Report.Observed(id), f.Report.Complete
		facts.Holdings, facts.Invitations = f.Report.Holdings(id), f.Report.Newest(id)
	}
	return facts
}

func namespaceOf(users []v1alpha1.User) string {
	for i := range users {
		return users[i].Namespace
	}
	return ""
}

// users are all as they would be once the manifests were applied: those that
// would be deleted are on their way out.
func (f Facts) users() []v1alpha1.User {
	var users []v1alpha1.User
	for key, o := range f.There {
		there, ok := o.(*v1alpha1.User)
		if !ok {
			continue
		}
		u := *there.DeepCopy()
		if want, ok := f.Declared[key].(*v1alpha1.User); ok {
			u.Spec = *want.Spec.DeepCopy()
		} else if u.DeletionTimestamp == nil && f.prunes(there) {
			now := metav1.NewTime(f.Now)
			u.DeletionTimestamp = &now
		}
		users = append(users, u)
	}
	for key, o := range f.Declared {
		if want, ok := o.(*v1alpha1.User); ok && f.There[key] == nil {
			users = append(users, f.made(want.DeepCopy()))
		}
	}
	return append(users, f.fromBatches(users)...)
}

// made is a User as it is right after it was created.
func (f Facts) made(u *v1alpha1.User) v1alpha1.User {
	u.CreationTimestamp = metav1.NewTime(f.Now)
	return *u
}

// administering names the roles that would administer.
func (f Facts) administering() map[string]bool {
	administers, includes := map[string]bool{}, map[string][]string{}
	for key, o := range f.after() {
		if r, ok := o.(*v1alpha1.Role); ok {
			administers[key.Name], includes[key.Name] = r.Spec.Administers, r.Spec.Includes
		}
	}
	return rails.Administering(administers, includes)
}

// after are all objects but Users as they would be.
func (f Facts) after() map[Key]client.Object {
	all := map[Key]client.Object{}
	for key, o := range f.There {
		if f.Declared[key] != nil || !f.prunes(o) {
			all[key] = o
		}
	}
	maps.Copy(all, f.Declared)
	return all
}

// String is one line.
func (c Change) String() string {
	line := fmt.Sprintf("%s %s/%s", c.Verb, c.Kind, c.Name)
	if len(c.Fields) == 0 {
		return line
	}
	return line + ": " + strings.Join(c.Fields, ", ")
}
