package controllers_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// cluster is all that the manager may do everywhere: the verbs that the
// controllers use, and no more. RBAC knows no "patch the finalizers, not the
// spec", so patch on a kind is what holding on to its objects takes.
func cluster() map[string]string {
	return map[string]string{
		"identitybackends.iam.rollcall.dev":        "get list watch",
		"identitybackends/status.iam.rollcall.dev": "patch",
		"organizations.iam.rollcall.dev":           "get list patch watch",
		"organizations/status.iam.rollcall.dev":    "patch",
		"businessunits.iam.rollcall.dev":           "get list patch watch",
		"businessunits/status.iam.rollcall.dev":    "patch",
		"roles.iam.rollcall.dev":                   "get list patch watch",
		"roles/status.iam.rollcall.dev":            "patch",
		// Batches make Users, change those and take them away.
		"users.iam.rollcall.dev":                "create delete get list patch watch",
		"users/status.iam.rollcall.dev":         "patch",
		"invitebatches.iam.rollcall.dev":        "get list watch",
		"invitebatches/status.iam.rollcall.dev": "patch",
		"invitelinks.iam.rollcall.dev":          "get list patch watch",
		"invitelinks/status.iam.rollcall.dev":   "patch",
		// Addresses that a batch takes from a ConfigMap, by name.
		"configmaps":           "get",
		"events.events.k8s.io": "create patch",
	}
}

// own is what the manager may do in its own namespace beside: be elected.
func own() map[string]string {
	return map[string]string{
		"leases.coordination.k8s.io":                                   "create",
		"leases.coordination.k8s.io/rollcall-manager.iam.rollcall.dev": "get update",
		"events": "create patch",
	}
}

// links is what the role rollcall-secrets adds where it is bound.
func links() map[string]string {
	return map[string]string{
		"secrets":                                 "create delete get patch",
		"users/finalizers.iam.rollcall.dev":       "update",
		"invitelinks/finalizers.iam.rollcall.dev": "update",
	}
}

func TestPromise_TheManagerMayDoWhatItDoesAndNoMore(t *testing.T) {
	t.Parallel()
	elsewhere, withSecrets := newNamespace(t), newNamespace(t)
	bind(t, withSecrets, "rollcall-secrets", installed)
	for name, tc := range map[string]struct {
		namespace string
		want      map[string]string
		reason    string
	}{
		"anywhere":                 {elsewhere, cluster(), "no Secret, no pod, no namespace, nobody's RBAC"},
		"its own namespace":        {installed, union(cluster(), own()), "not even its own Secrets, which the kubelet mounts"},
		"where Secrets are wanted": {withSecrets, union(cluster(), links()), "by name only: neither list nor watch"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRights(t, installed, tc.namespace, tc.want, tc.reason)
		})
	}
}

// An overlay in another namespace, with both components, is applied and looked
// at through the API server's eyes.
func TestPromise_OptionsGiveAndTakeTheirRightsOnly(t *testing.T) {
	t.Parallel()
	own, team, other := newNamespace(t), newNamespace(t), newNamespace(t)
	folder := overlay(t, "namespace: "+own+`
configMapGenerator:
- name: rollcall-settings
  behavior: merge
  literals: [NAMESPACES=`+team+"]", "namespaced", "secrets")
	for _, o := range render(t, folder) {
		if o.GetNamespace() != "" && o.GetNamespace() != own {
			t.Errorf("%s %q is in namespace %q", o.GetKind(), o.GetName(), o.GetNamespace())
		}
	}
	kubectl(t, "apply", "--server-side", "--warnings-as-errors", "-k", folder)
	t.Cleanup(func() {
		binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "rollcall-secrets"}}
		must(t, client.IgnoreNotFound(suite.client.Delete(context.WithoutCancel(t.Context()), binding)))
	})
	bind(t, team, "rollcall-manager", own)

	wantRights(t, own, other, links(), "Secrets from components/secrets, and no role is bound here")
	wantRights(t, own, team, union(cluster(), links()), "the namespace in which the manager works")
	wantRights(t, installed, other, cluster(), "another installation's manager has what it had")
}

// wantRights waits, because the API server learns of bindings from a watch.
func wantRights(t *testing.T, home, namespace string, want map[string]string, reason string) {
	t.Helper()
	err := testkit.Eventually(t.Context(), "the manager's rights", func(context.Context) (bool, string, error) {
		diff := cmp.Diff(want, rightsOf(t, home, "rollcall-manager", namespace))
		return diff == "", "(-want +got)\n" + diff, nil
	})
	if err != nil {
		t.Errorf("%s: %v", reason, err)
	}
}

// rightsOf asks the API server what a service account may do in a namespace,
// beside what every service account may. A key is a resource, its group, and
// the one name that the right is for, if it is for one only.
func rightsOf(t *testing.T, home, account, namespace string) map[string]string {
	t.Helper()
	everybody := review(t, "system:serviceaccount:"+home+":nobody", namespace)
	found := review(t, "system:serviceaccount:"+home+":"+account, namespace)
	for key, verbs := range everybody {
		if found[key] == verbs {
			delete(found, key)
		}
	}
	return found
}

func review(t *testing.T, user, namespace string) map[string]string {
	t.Helper()
	config := suite.plane.Config()
	config.Impersonate = rest.ImpersonationConfig{UserName: user}
	as, err := client.New(config, client.Options{Scheme: suite.client.Scheme()})
	must(t, err)
	asked := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	must(t, as.Create(t.Context(), asked))
	if asked.Status.Incomplete || asked.Status.EvaluationError != "" {
		t.Fatalf("the API server does not know all rights: %s", asked.Status.EvaluationError)
	}
	var rules []rbacv1.PolicyRule
	for _, r := range asked.Status.ResourceRules {
		rules = append(rules, rbacv1.PolicyRule{Verbs: r.Verbs, APIGroups: r.APIGroups, Resources: r.Resources, ResourceNames: r.ResourceNames})
	}
	for _, r := range asked.Status.NonResourceRules {
		rules = append(rules, rbacv1.PolicyRule{Verbs: r.Verbs, NonResourceURLs: r.NonResourceURLs})
	}
	return spread(rules)
}

// granting is what a ClusterRole of the manifests allows.
func granting(t *testing.T, m manifests, role string) map[string]string {
	t.Helper()
	return spread(find[rbacv1.ClusterRole](t, m, "ClusterRole", role).Rules)
}

// spread writes rules one resource a line, however they were put together.
func spread(rules []rbacv1.PolicyRule) map[string]string {
	verbs := map[string][]string{}
	for _, rule := range rules {
		for _, key := range keys(rule) {
			verbs[key] = append(verbs[key], rule.Verbs...)
		}
	}
	found := map[string]string{}
	for key, of := range verbs {
		slices.Sort(of)
		found[key] = strings.Join(slices.Compact(of), " ")
	}
	return found
}

func keys(rule rbacv1.PolicyRule) []string {
	found := slices.Clone(rule.NonResourceURLs)
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			key := strings.TrimSuffix(resource+"."+group, ".")
			if len(rule.ResourceNames) == 0 {
				found = append(found, key)
			}
			for _, name := range rule.ResourceNames {
				found = append(found, key+"/"+name)
			}
		}
	}
	return found
}

func union(all ...map[string]string) map[string]string {
	sum := map[string]string{}
	for _, m := range all {
		maps.Copy(sum, m)
	}
	return sum
}

func newNamespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "deploy-"}}
	must(t, suite.client.Create(t.Context(), ns))
	return ns.Name
}

// bind gives a ClusterRole to the manager of an installation, in one namespace.
func bind(t *testing.T, namespace, role, home string) {
	t.Helper()
	must(t, suite.client.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: home, Name: "rollcall-manager"}},
	}))
}
