package controllers_test

import (
	"syscall"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

// leases lets the manager elect a leader in the story's namespace.
func (w *world) leases() {
	w.Helper()
	const name = "leases"
	w.create(
		&rbacv1.Role{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Rules: []rbacv1.PolicyRule{{
				APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update", "patch"},
			}},
		},
		&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "rollcall-system", Name: "rollcall-manager"}},
		})
}

// The leading manager is paused in the middle of a mail, another one takes over,
// and the first wakes up: nothing is sent twice, nothing is lost, and there is
// one leader.
func TestStory_BY8_APausedLeaderWakesUp(t *testing.T) {
	w := newWorld(t, inAHurry, onDatabase(databasetest.PostgreSQLURL(t)))
	w.leases()
	w.manager.args = append(w.manager.args, "--leader-elect", "--leader-election-namespace", w.namespace)
	w.start()
	w.settled()

	half := w.sink.Inject(mailtest.Fault{Stage: mailtest.StageBody, Hold: true, Times: 1})
	ada, grace := user("ada", "ada@example.com"), user("grace", "grace@example.com")
	w.create(ada)
	<-half.Reached()
	must(t, w.manager.running.Process.Signal(syscall.SIGSTOP))
	half.Remove()

	second := w.newProcess("second", "manager",
		"--kubeconfig", suite.kubeconfig, "--namespaces", w.namespace, "--database-url", w.database, "--link-key-file", w.key,
		"--portal-url", w.portal, "--smtp-url", "smtp://"+w.sink.Addr()+"?tls=none", "--mail-from", "invitations@rollcall.example",
		"--mail-attempt-timeout", attempt.String(), "--metrics-bind-address", "0", "--health-probe-bind-address", "0",
		"--leader-elect", "--leader-election-namespace", w.namespace)
	second.start()
	sees(w, ada, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
	w.create(grace)
	sees(w, grace, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)

	must(t, w.manager.running.Process.Signal(syscall.SIGCONT))
	// Whoever has lost the lease ends, so that whatever runs it starts it anew.
	_ = w.manager.running.Wait()
	w.manager.running = nil
	joan := user("joan", "joan@example.com")
	w.create(joan)
	sees(w, joan, v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonMailSent)
	for _, u := range []*v1alpha1.User{ada, grace, joan} {
		if distinct, times := w.mailsTo(u.Spec.Email); distinct != 1 || times != 1 {
			t.Errorf("%s: %d mails, handed over %d times; want one, once", u.Name, distinct, times)
		}
	}
}
