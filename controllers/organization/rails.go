package organization

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// Rails keeps what the rails count and what they have stopped.
type Rails interface {
	directory.RemovalRailKeeper
	directory.MailRail
}

// Alarm counts the rails that were tripped.
type Alarm interface {
	Tripped(rail alarm.Rail)
}

const (
	// railsAgain is how soon rails are looked at again after that failed.
	railsAgain = 10 * time.Second
	// settle is how long nobody may have joined a wave before it is decided on,
	// beyond the delay after which each of them asks to go: those whom the floor
	// lets go are gone by then.
	settle = 5 * time.Second
)

// rails decides on who waits to be removed and on mail that was stopped, and
// tells of it. It returns when to look again although nothing changes; zero for
// never. A failure holds nothing else up and is tried again: until then nobody
// goes who was not let go.
func (r *Reconciler) rails(ctx context.Context, s *scope) time.Time {
	until, err := r.removals(ctx, s)
	if err == nil {
		err = r.mails(ctx, s)
	}
	if err != nil {
		log.FromContext(ctx).Error(err, "look at the rails; it is tried again")
		return r.Clock.Now().Add(railsAgain)
	}
	return until
}

// wave is everybody who waits, as it is seen now.
type wave struct {
	rails.Wave
	limit    rails.Limit
	standing directory.RemovalStanding
	waiting  []directory.Departure
	// settles is when it is decided on, if nobody joins.
	settles time.Time
}

func (r *Reconciler) wave(ctx context.Context, s *scope) (*wave, error) {
	safety, now := &s.organization.Spec.Safety, r.Clock.Now()
	w := &wave{limit: census.Removals(safety)}
	var err error
	if w.standing, err = r.Rails.Removals(ctx, s.id, w.limit.Window); err != nil {
		return nil, err
	}
	c := census.Take(s.users, now)
	w.waiting = slices.Clone(w.standing.Undeclared)
	if len(c.Leaving) > 0 {
		reserved, err := r.Rails.ReservedRemovals(ctx, s.id)
		if err != nil {
			return nil, err
		}
		w.waiting = append(w.waiting, without(c.Leaving, reserved)...)
	}
	w.settles = r.settling.Grew(string(s.id), census.Members(w.waiting)).Add(census.RemovalDelay(safety) + settle)
	w.Wave = rails.Wave{
		Living: c.Living, Waiting: len(w.waiting), Done: w.standing.Done,
		Held: w.standing.Held, HeldDone: w.standing.HeldDone, Settled: !now.Before(w.settles),
	}
	return w, nil
}

func without(all, those []directory.Departure) []directory.Departure {
	known := make(map[directory.Departure]bool, len(those))
	for _, d := range those {
		known[d] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(d directory.Departure) bool { return known[d] })
}

func (r *Reconciler) removals(ctx context.Context, s *scope) (time.Time, error) {
	w, err := r.wave(ctx, s)
	if err != nil {
		return time.Time{}, err
	}
	verdict := rails.Judge(w.limit, w.Wave)
	if verdict == rails.Stop {
		name := census.Wave(w.waiting)
		if s.organization.Annotations[v1alpha1.AnnotationApproveRemovals] != name {
			return time.Time{}, r.stop(ctx, s, w, name)
		}
		r.Recorder.Eventf(s.organization, nil, corev1.EventTypeNormal, v1alpha1.ReasonApproved, "ApproveRemovals",
			"Somebody approved wave %s: %d people may go.", name, len(w.waiting))
		return r.letPass(ctx, s, w, name)
	}
	s.removalsGoOn()
	switch verdict {
	case rails.Pass:
		return r.letPass(ctx, s, w, "")
	case rails.Settle:
		return w.settles, r.Rails.LiftRemovals(ctx, s.id)
	default:
		return time.Time{}, r.Rails.LiftRemovals(ctx, s.id)
	}
}

// letPass lets everybody go who waits. Users are told by the feed of changes;
// whom no User declares is removed with the next listing, which is due at once.
func (r *Reconciler) letPass(ctx context.Context, s *scope, w *wave, approval string) (time.Time, error) {
	if err := r.Rails.GrantRemovals(ctx, s.id, w.waiting, approval); err != nil {
		return time.Time{}, err
	}
	s.removalsGoOn()
	if len(w.standing.Undeclared) == 0 {
		return time.Time{}, nil
	}
	r.schedule.hurry(client.ObjectKeyFromObject(s.organization))
	return r.Clock.Now(), nil
}

// stop lets nobody go, and says how many would and by which word they may.
func (r *Reconciler) stop(ctx context.Context, s *scope, w *wave, name string) error {
	tripped, err := r.Rails.HoldRemovals(ctx, s.id, w.standing.Done)
	if err != nil {
		return err
	}
	org, limit := s.organization, w.limit.Of(w.People())
	org.Status.HeldRemovals = &v1alpha1.HeldWave{
		Wave: name, Waiting: int32(w.Waiting), Done: int32(w.Total() - w.Waiting), Limit: int32(limit),
	}
	message := fmt.Sprintf("%d of %d people would go within %s, more than %s; to let these %d go: %#q.",
		w.Total(), w.People(), brief(w.limit.Window), allowed(w.limit, w.People()), w.Waiting,
		approve(org, v1alpha1.AnnotationApproveRemovals, name))
	s.held(v1alpha1.ConditionRemovalsPaused, v1alpha1.ReasonTooManyRemovals, message)
	if tripped {
		r.Alarm.Tripped(alarm.Removals)
		r.Recorder.Eventf(org, nil, corev1.EventTypeWarning, v1alpha1.ReasonTooManyRemovals, v1alpha1.ConditionRemovalsPaused, "%s", message)
	}
	return nil
}

// allowed is a limit in words.
func allowed(l rails.Limit, people int) string {
	if l.Of(people) == l.Floor {
		return fmt.Sprintf("%d", l.Floor)
	}
	return fmt.Sprintf("%d (%d %%)", l.Of(people), l.Percent)
}

// approve is the command by which somebody approves a wave.
func approve(org *v1alpha1.Organization, annotation, wave string) string {
	return fmt.Sprintf("kubectl annotate organization %s -n %s --overwrite %s=%s", org.Name, org.Namespace, annotation, wave)
}

// brief writes a duration as people do: 1h, not 1h0m0s.
func brief(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// removalsGoOn leaves what a listing says that showed nothing certain: that is
// taken back where it was said.
func (s *scope) removalsGoOn() {
	s.organization.Status.HeldRemovals = nil
	c := meta.FindStatusCondition(s.organization.Status.Conditions, v1alpha1.ConditionRemovalsPaused)
	if c == nil || c.Reason != v1alpha1.ReasonIncompleteObservation {
		s.nothingHeld(v1alpha1.ConditionRemovalsPaused)
	}
}

// nothingHeld says that no rail stops anything. Who is declared by nobody is
// kept all the same while the members are not known for certain.
func (s *scope) nothingHeld(condition string) {
	if condition == v1alpha1.ConditionRemovalsPaused && doubtful(s.organization) {
		s.held(condition, v1alpha1.ReasonIncompleteObservation,
			"Members whom no User declares are not removed until the backend has listed all members.")
		return
	}
	status.Set(&s.organization.Status.Conditions, s.organization.Generation, metav1.Condition{
		Type: condition, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNothingHeld, Message: "No rail stops anything.",
	})
}

func (s *scope) held(condition, reason, message string) {
	status.Set(&s.organization.Status.Conditions, s.organization.Generation, metav1.Condition{
		Type: condition, Status: metav1.ConditionTrue, Reason: reason, Message: message,
	})
}
