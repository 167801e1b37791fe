package invitebatch

import (
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/causal"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, o controller.Options) error {
	inOrder, err := causal.New(causal.Options[*v1alpha1.InviteBatch]{
		Cache: r.Client, Live: mgr.GetAPIReader(), Next: r, Clock: r.Clock,
		Told: func(o *v1alpha1.InviteBatch) (string, int64) {
			return o.Spec.OrganizationRef.Name, o.Status.ObservedGeneration
		},
	})
	if err != nil {
		return err
	}
	batches := func() client.ObjectList { return &v1alpha1.InviteBatchList{} }
	return ctrl.NewControllerManagedBy(mgr).
		Named("invitebatch").
		For(&v1alpha1.InviteBatch{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Organization{}, watch.Those(r.Client, batches, index.Organization, watch.Name),
			builder.WithPredicates(watch.Declared(watch.Conditions))).
		Watches(&v1alpha1.User{}, watch.Counted(index.BatchOf)).
		Watches(&v1alpha1.User{}, watch.Soon(watch.Those(r.Client, batches, index.Organization, organizationOf)),
			builder.WithPredicates(comingAndGoing())).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, inOrder))
}

func organizationOf(o client.Object) []string {
	if u, ok := o.(*v1alpha1.User); ok {
		return []string{u.Spec.OrganizationRef.Name}
	}
	return nil
}

// comingAndGoing passes Users that are declared, because they win over a batch's,
// and Users that go, whoever made them: their addresses are free for a batch from
// the moment of the deletion, so that a person who moves into a batch, from a
// manifest or another batch, is handed over and not removed first.
func comingAndGoing() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(e event.CreateEvent) bool { return len(index.BatchOf(e.Object)) == 0 },
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetDeletionTimestamp() == nil && e.ObjectNew.GetDeletionTimestamp() != nil
		},
	}
}
