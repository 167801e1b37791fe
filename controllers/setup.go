package controllers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/controllers/businessunit"
	"github.com/rollcall-dev/rollcall/controllers/identitybackend"
	"github.com/rollcall-dev/rollcall/controllers/invitebatch"
	"github.com/rollcall-dev/rollcall/controllers/invitelink"
	"github.com/rollcall-dev/rollcall/controllers/organization"
	"github.com/rollcall-dev/rollcall/controllers/role"
	"github.com/rollcall-dev/rollcall/controllers/user"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
)

// Ledger is what controllers need of it, beside inviting.
type Ledger interface {
	organization.Ledger
	user.Changes
	invitelink.Links
	directory.Holdings
	directory.RemovalRail
	organization.Rails
}

// Options of [Setup]. All but Workers are required.
type Options struct {
	// Direct reads and writes without a cache: for Secrets and ConfigMaps,
	// which are never listed or watched.
	Direct   client.Client
	Backends user.Backends
	Ledger   Ledger
	// Trail reads the audit trail for exports.
	Trail organization.Trail
	// Alarm counts the rails that were tripped.
	Alarm user.Alarm
	Clock clock.PassiveClock
	// Workers is how many Users are reconciled at once; 0 means 8. The other
	// kinds, of which there are few, have two each.
	Workers int
}

const defaultWorkers = 8

// mailMoment is longer than a mail server that works takes to take a mail, and
// shorter than somebody watches a status that does not change.
const mailMoment = 3 * time.Second

const (
	// firstRetry and lastRetry bound the backoff of a failed reconcile. The last
	// is short: after an outage of the database or a backend everybody is
	// looked at within half a minute.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 30 * time.Second
)

type kind interface {
	Setup(mgr ctrl.Manager, o controller.Options) error
}

// few is how many objects of a kind of which there are few are reconciled at once.
const few = 2

// Setup adds all controllers and the indexes they need to the manager.
func Setup(ctx context.Context, mgr ctrl.Manager, o Options) error {
	if o.Direct == nil || o.Backends == nil || o.Ledger == nil || o.Trail == nil || o.Alarm == nil || o.Clock == nil {
		return errors.New("controllers: Direct, Backends, Ledger, Trail, Alarm and Clock are required")
	}
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	for _, c := range list(mgr, o) {
		built, err := c.build()
		if err != nil {
			return err
		}
		if err := built.Setup(mgr, options(c.workers)); err != nil {
			return fmt.Errorf("set up controller %s: %w", c.name, err)
		}
	}
	return nil
}

type entry struct {
	name    string
	workers int
	build   func() (kind, error)
}

// list is the one list of controllers.
func list(mgr ctrl.Manager, o Options) []entry {
	c := mgr.GetClient()
	drifted := make(relay)
	return []entry{
		{"identitybackend", few, func() (kind, error) {
			return identitybackend.New(identitybackend.Options{
				Client: c, Backends: o.Backends, Clock: o.Clock, Recorder: mgr.GetEventRecorder("identitybackend"),
			})
		}},
		{"organization", few, func() (kind, error) {
			return organization.New(organization.Options{
				Client: c, Direct: o.Direct, Backends: o.Backends, Ledger: o.Ledger, Rails: o.Ledger, Alarm: o.Alarm, Trail: o.Trail,
				Drifted: drifted.tell, Clock: o.Clock, Recorder: mgr.GetEventRecorder("organization"),
			})
		}},
		{"businessunit", few, func() (kind, error) {
			return businessunit.New(businessunit.Options{
				Client: c, Backends: o.Backends, Clock: o.Clock, Recorder: mgr.GetEventRecorder("businessunit"),
			})
		}},
		{"role", few, func() (kind, error) {
			return role.New(role.Options{
				Client: c, Backends: o.Backends, Clock: o.Clock, Recorder: mgr.GetEventRecorder("role"),
			})
		}},
		{"user", cmp.Or(o.Workers, defaultWorkers), func() (kind, error) {
			return user.New(user.Options{
				Client: c, Secrets: o.Direct, Backends: o.Backends, Changes: o.Ledger, Holdings: o.Ledger,
				Rails: o.Ledger, Alarm: o.Alarm, Drifted: drifted, Clock: o.Clock, Recorder: mgr.GetEventRecorder("user"),
				MailMoment: mailMoment,
			})
		}},
		{"invitebatch", few, func() (kind, error) {
			return invitebatch.New(invitebatch.Options{
				Client: c, Sources: o.Direct, Clock: o.Clock, Recorder: mgr.GetEventRecorder("invitebatch"),
			})
		}},
		{"invitelink", few, func() (kind, error) {
			return invitelink.New(invitelink.Options{
				Client: c, Direct: o.Direct, Backends: o.Backends, Links: o.Ledger, Clock: o.Clock,
				Recorder: mgr.GetEventRecorder("invitelink"),
			})
		}},
	}
}

func options(workers int) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
	}
}
