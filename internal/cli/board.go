package cli

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/live"
)

// board is what status shows: everybody of an organization or a batch.
type board struct {
	target
	organization *v1alpha1.Organization
	batch        *v1alpha1.InviteBatch
	users        map[string]*v1alpha1.User
}

// standing is the answer of status as JSON and YAML.
type standing struct {
	Kind     string           `json:"kind"`
	Name     string           `json:"name"`
	Ready    bool             `json:"ready"`
	Total    int              `json:"total"`
	Accepted int              `json:"accepted"`
	Pending  int              `json:"pending"`
	NotReady int              `json:"notReady"`
	Notes    []string         `json:"notes"`
	People   []standingPerson `json:"people"`
}

type standingPerson struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Ready    string `json:"ready"`
	Invited  string `json:"invited"`
	Accepted string `json:"accepted"`
	Reason   string `json:"reason"`
	// Message is Ready's, when it is not True.
	Message string `json:"message,omitempty"`
	// out is true for somebody who is kept out on purpose.
	out bool
}

func (b *board) belongs(u *v1alpha1.User) bool {
	if b.kind == kindBatch {
		return u.Labels[v1alpha1.LabelBatch] == b.name
	}
	return u.Spec.OrganizationRef.Name == b.name
}

// standing sums up; people who need something come first.
func (b *board) standing() standing {
	s := standing{Kind: b.kind, Name: b.name, Ready: b.settled(), Notes: b.notes(), People: make([]standingPerson, 0, len(b.users))}
	for _, u := range b.users {
		p := personOf(u)
		s.People = append(s.People, p)
		s.Total++
		if p.Accepted == string(metav1.ConditionTrue) {
			s.Accepted++
		}
		if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionPending) {
			s.Pending++
		}
		if p.Ready != string(metav1.ConditionTrue) {
			s.NotReady++
		}
	}
	slices.SortFunc(s.People, func(a, b standingPerson) int {
		if d := a.urgency() - b.urgency(); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return s
}

func (p standingPerson) urgency() int {
	switch {
	case p.Ready != string(metav1.ConditionTrue):
		return 0
	case p.Accepted != string(metav1.ConditionTrue):
		return 1
	default:
		return 2
	}
}

func personOf(u *v1alpha1.User) standingPerson {
	ready, accepted := state(u.Status.Conditions, v1alpha1.ConditionReady), state(u.Status.Conditions, v1alpha1.ConditionAccepted)
	p := standingPerson{
		Name: u.Name, Email: u.Spec.Email, Ready: string(ready.Status),
		Invited:  state(u.Status.Conditions, v1alpha1.ConditionInvited).Reason,
		Accepted: string(accepted.Status), Reason: accepted.Reason,
	}
	if u.Status.ObservedGeneration < u.Generation {
		// What the status says is about what was declared before.
		p.Ready = string(metav1.ConditionUnknown)
	}
	if p.Ready != string(metav1.ConditionTrue) {
		p.Message = ready.Message
	}
	p.out = u.DeletionTimestamp != nil || accepted.Reason == v1alpha1.ReasonAccessDisabled || accepted.Reason == v1alpha1.ReasonAccessEnded ||
		u.Spec.Access == v1alpha1.AccessDisabled || u.Spec.Invitation.Delivery == v1alpha1.DeliveryNone
	return p
}

func (b *board) settled() bool {
	if b.batch != nil {
		return b.batch.Status.ObservedGeneration == b.batch.Generation && meta.IsStatusConditionTrue(b.batch.Status.Conditions, v1alpha1.ConditionReady)
	}
	return b.organization != nil && b.organization.Status.ObservedGeneration == b.organization.Generation &&
		meta.IsStatusConditionTrue(b.organization.Status.Conditions, v1alpha1.ConditionReady)
}

// notes are what there is to say beside the people.
func (b *board) notes() []string {
	notes := []string{}
	say := func(conditions []metav1.Condition, kind string, unless metav1.ConditionStatus) {
		if c := state(conditions, kind); c.Message != "" && c.Status != unless {
			notes = append(notes, kind+": "+c.Message)
		}
	}
	if b.batch != nil {
		say(b.batch.Status.Conditions, v1alpha1.ConditionReady, metav1.ConditionTrue)
		for _, r := range b.batch.Status.Refusals {
			notes = append(notes, fmt.Sprintf("%s, line %d, %s: %s", r.Source, r.Line, r.Reason, r.Message))
		}
		return notes
	}
	if b.organization != nil {
		c := b.organization.Status.Conditions
		say(c, v1alpha1.ConditionReady, metav1.ConditionTrue)
		for _, kind := range []string{v1alpha1.ConditionRemovalsPaused, v1alpha1.ConditionInvitationsPaused, v1alpha1.ConditionDriftDetected} {
			if meta.IsStatusConditionTrue(c, kind) {
				say(c, kind, metav1.ConditionFalse)
			}
		}
	}
	return notes
}

// reached reports whether all is as --wait asks.
func (s standing) reached(goal string) bool {
	if goal == goalReady {
		return s.Ready && s.NotReady == 0
	}
	return s.Ready && !slices.ContainsFunc(s.People, func(p standingPerson) bool {
		return !p.out && p.Accepted != string(metav1.ConditionTrue)
	})
}

// barColumns is how long the progress bar is.
const barColumns = 30

func (s standing) headline() string {
	line := fmt.Sprintf("%s %s  %s accepted", strings.ToLower(s.Kind), s.Name, live.Bar(s.Accepted, s.Total, barColumns))
	if s.Pending > 0 {
		line += fmt.Sprintf(", %d pending", s.Pending)
	}
	if s.NotReady > 0 {
		line += fmt.Sprintf(", %d not ready", s.NotReady)
	}
	return line
}

func (s standing) table() *table {
	t := &table{columns: []string{"Name", "Email", "Ready", "Invited", "Accepted", "Reason"}}
	for _, p := range s.People {
		t.add(p.Name, p.Email, p.Ready, p.Invited, p.Accepted, p.Reason)
	}
	return t
}

// lines are the whole board, of so many lines at most; 0 is any number.
func (s standing) lines(most int) ([]string, error) {
	var text strings.Builder
	if err := s.table().write(&text); err != nil {
		return nil, err
	}
	lines := append([]string{s.headline()}, s.Notes...)
	rows := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	if len(s.People) == 0 {
		return append(lines, "nobody is in it yet"), nil
	}
	if most > 0 && len(lines)+1+len(rows) > most {
		fit := max(most-len(lines)-2, 1)
		hidden := len(rows) - fit
		rows = append(rows[:min(fit, len(rows))], fmt.Sprintf("... and %d more", hidden))
	}
	return append(append(lines, ""), rows...), nil
}
