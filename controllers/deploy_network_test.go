package controllers_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func TestPromise_NetworkPoliciesDenyByDefault(t *testing.T) {
	t.Parallel()
	m := render(t, "default")
	all := find[networkingv1.NetworkPolicy](t, m, "NetworkPolicy", "default-deny")
	want := networkingv1.NetworkPolicySpec{
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
	}
	if diff := cmp.Diff(want, all.Spec); diff != "" {
		t.Errorf("default-deny (-want +got): want every pod, and nothing allowed\n%s", diff)
	}
	scraped := " from namespaces with iam.rollcall.dev/metrics=allowed"
	dns := []string{"to TCP/53", "to TCP/5353", "to UDP/53", "to UDP/5353"}
	for deployment, want := range map[string][]string{
		"rollcall-manager": append(slices.Clone(dns), "at TCP/metrics"+scraped,
			"to TCP/443", "to TCP/6443", "to TCP/5432", "to TCP/25", "to TCP/465", "to TCP/587"),
		"rollcall-portal": append(slices.Clone(dns), "at TCP/metrics"+scraped, "at TCP/http", "to TCP/5432"),
	} {
		slices.Sort(want)
		template := find[appsv1.Deployment](t, m, "Deployment", deployment).Spec.Template
		if diff := cmp.Diff(want, traffic(t, m, template.Labels)); diff != "" {
			t.Errorf("traffic of %s (-want +got):\n%s", deployment, diff)
		}
	}
}

// traffic is what the policies together allow a pod: "at" a port of its own,
// "to" one of others, from or to anywhere unless it says otherwise.
func traffic(t *testing.T, m manifests, pod map[string]string) []string {
	t.Helper()
	var allowed []string
	for _, o := range m {
		if o.GetKind() != "NetworkPolicy" {
			continue
		}
		spec := find[networkingv1.NetworkPolicy](t, m, "NetworkPolicy", o.GetName()).Spec
		selects, err := metav1.LabelSelectorAsSelector(&spec.PodSelector)
		must(t, err)
		if !selects.Matches(labels.Set(pod)) {
			continue
		}
		for _, rule := range spec.Ingress {
			allowed = append(allowed, describe("at", rule.Ports, " from", rule.From)...)
		}
		for _, rule := range spec.Egress {
			allowed = append(allowed, describe("to", rule.Ports, " of", rule.To)...)
		}
	}
	slices.Sort(allowed)
	return allowed
}

func describe(word string, ports []networkingv1.NetworkPolicyPort, other string, peers []networkingv1.NetworkPolicyPeer) []string {
	where := ""
	for _, p := range peers {
		where += fmt.Sprintf("%s namespaces with %s", other, metav1.FormatLabelSelector(p.NamespaceSelector))
	}
	if len(ports) == 0 {
		return []string{word + " every port" + where}
	}
	var found []string
	for _, p := range ports {
		found = append(found, fmt.Sprintf("%s %s/%s%s", word, *p.Protocol, p.Port, where))
	}
	return found
}
