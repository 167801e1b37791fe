package organization

import (
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, o controller.Options) error {
	organizations := func() client.ObjectList { return &v1alpha1.OrganizationList{} }
	return ctrl.NewControllerManagedBy(mgr).
		Named("organization").
		For(&v1alpha1.Organization{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, asked()))).
		Watches(&v1alpha1.IdentityBackend{}, watch.Those(r.Client, organizations, index.Backend, watch.Name),
			builder.WithPredicates(predicate.Or(watch.Declared(watch.Conditions), watch.Abilities()))).
		Watches(&v1alpha1.Organization{}, watch.Those(r.Client, organizations, index.Backend, backendOf),
			builder.WithPredicates(contending())).
		Watches(&v1alpha1.User{}, watch.Counted(organizationOf)).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, r))
}

func organizationOf(o client.Object) []string {
	if u, ok := o.(*v1alpha1.User); ok {
		return []string{u.Spec.OrganizationRef.Name}
	}
	return nil
}

// asked passes Organizations by whose annotations somebody asks for something or
// approves it.
func asked() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			was, is := e.ObjectOld.GetAnnotations(), e.ObjectNew.GetAnnotations()
			for _, key := range []string{
				v1alpha1.AnnotationResync, v1alpha1.AnnotationReport,
				v1alpha1.AnnotationApproveRemovals, v1alpha1.AnnotationApproveInvitations,
			} {
				if was[key] != is[key] {
					return true
				}
			}
			return false
		},
	}
}

// maxRequest is how many characters of an annotation's value are a request.
const maxRequest = 64

// request is what an annotation asks for; empty for nothing.
func request(org *v1alpha1.Organization, annotation string) string {
	value := []rune(org.Annotations[annotation])
	return string(value[:min(len(value), maxRequest)])
}
