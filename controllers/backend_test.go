package controllers_test

import (
	"crypto/rand"
	"encoding/hex"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// directory is the embedded backend as somebody else reaches it who has the
// database: an administrator at its console.
func (w *world) directory() *embedded.Backend {
	w.Helper()
	db := databasetest.Open(w, w.database)
	keeper, err := ledger.New(ledger.Options{DB: db, Clock: clock.RealClock{}})
	must(w.T, err)
	backend, err := embedded.New(embedded.Options{DB: db, Ledger: keeper, Clock: clock.RealClock{}, Rand: rand.Reader})
	must(w.T, err)
	return backend
}

// tenant is the story's organization in the backend.
func (w *world) tenant() directory.OrganizationID {
	return directory.OrganizationID(w.namespace + "/" + clinicRef.Name)
}

// isIn reports whether somebody is a member.
func (w *world) isIn(backend *embedded.Backend, email string) bool {
	w.Helper()
	m, err := backend.Member(w.ctx, w.tenant(), email)
	if directory.IsKind(err, directory.KindNotFound) {
		return false
	}
	must(w.T, err)
	return m.State == directory.MemberActive
}

// in invites people and has them accept.
func (w *world) in(users ...*v1alpha1.User) {
	w.Helper()
	for _, u := range users {
		w.create(u)
		w.person().accept(w.mailTo(u.Spec.Email).Link, "Somebody "+u.Name)
		sees(w, u, v1alpha1.ConditionAccepted, "True", v1alpha1.ReasonAcceptedByInvitee)
	}
}

// retained are people who are in the backend, were invited once, and whom no
// User declares any more.
func (w *world) retained(names ...string) {
	w.Helper()
	for _, name := range names {
		u := user(name, name+"@example.com", func(s *v1alpha1.UserSpec) { s.RemovalPolicy = v1alpha1.RemovalPolicyRetain })
		w.in(u)
		must(w.T, suite.client.Delete(w.ctx, u))
		w.gone(u)
	}
}

// resync asks for a listing and waits until it was made.
func (w *world) resync() *v1alpha1.Organization {
	w.Helper()
	org, asked := sunrise(), hex.EncodeToString(randomBytes(8))
	org.Namespace = w.namespace
	edit(w, org, func(o *v1alpha1.Organization) {
		if o.Annotations == nil {
			o.Annotations = map[string]string{}
		}
		o.Annotations[v1alpha1.AnnotationResync] = asked
	})
	w.eventually("a listing", func() (bool, string) {
		must(w.T, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		return org.Status.ResyncRequestedAt == asked, "the last one answers " + org.Status.ResyncRequestedAt
	})
	return org
}

// editOrganization changes the story's organization.
func (w *world) editOrganization(change func(*v1alpha1.OrganizationSpec)) {
	w.Helper()
	org := sunrise()
	org.Namespace = w.namespace
	edit(w, org, func(o *v1alpha1.Organization) { change(&o.Spec) })
}
