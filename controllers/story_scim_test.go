package controllers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit/browser"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimmy"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// providers are the service providers on which stories are told again, by the
// name of the test that does.
func providers() map[string]func(*testing.T) home {
	return map[string]func(*testing.T) home{
		"TestStory_BY11_OnScimmy": func(t *testing.T) home {
			server := scimmy.Start(t)
			return provider{url: server.URL(), token: server.Token()}
		},
		"TestStory_BY11_OnElimity": func(t *testing.T) home {
			server := scimserver.Start(t, scimserver.Options{})
			return provider{url: server.URL(), token: server.Token()}
		},
	}
}

// firstStories are those of one invitation, from an empty cluster to somebody
// who is in, and out again.
func firstStories() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"InviteOneAndAccept":               TestStory_HR2_CH2_HE3_InviteOneAndAccept,
		"AcceptInABrowser":                 TestStory_HE3_AcceptInABrowser,
		"ChangeRoleAndUnitWhilePending":    TestStory_HR5a_HD1_ChangeRoleAndUnitWhilePending,
		"DeliveryByLinkWithQRCode":         TestStory_HE2_DeliveryByLinkWithQRCode,
		"Decline":                          TestStory_BY2_Decline,
		"InviteMany":                       TestStory_HR8_BY3_InviteMany,
		"KilledBetweenRecordingAndSending": TestStory_BY8_KilledBetweenRecordingAndSending,
		"KilledBeforeTheAnswer":            TestStory_BY8_KilledBeforeTheAnswer,
		"KilledAtAnyMoment":                TestStory_BY8_KilledAtAnyMoment,
		"MailServerDownAndBack":            TestStory_BY8_MailServerDownAndBack,
		"DatabaseDownAndBack":              TestStory_BY8_DatabaseDownAndBack,
		"PortalInAnotherProcess":           TestStory_HE3_PortalInAnotherProcess,
		"Remove":                           TestStory_HE5_Remove,
		"RemovalPolicies":                  TestStory_HE5_RemovalPolicies,
		"ApplyInReverseOrder":              TestStory_BY1_ApplyInReverseOrder,
		"ABadAddress":                      TestStory_HR2_ABadAddress,
	}
}

func TestStory_BY11_OnScimmy(t *testing.T) {
	t.Parallel()
	for name, story := range firstStories() {
		t.Run(name, story)
	}
}

func TestStory_BY11_OnElimity(t *testing.T) {
	t.Parallel()
	for name, story := range firstStories() {
		t.Run(name, story)
	}
}

// provider is a service provider: people sign in elsewhere, and choose no
// password with us.
type provider struct {
	url, token string
	mapping    v1alpha1.SCIMMapping
}

// providerName is the name of the story's IdentityBackend, and of its Secret.
const providerName = "provider"

// signInHost is where the story's organization signs people in.
const signInHost = "people.example.com"

// take applies the connection to the service provider, with the right to read
// its Secret and no other.
func (p provider) take(w *world, org *v1alpha1.Organization) {
	w.Helper()
	org.Spec.BackendRef = &v1alpha1.LocalReference{Name: providerName}
	org.Spec.SignIn = &v1alpha1.OrganizationSignIn{URL: "https://" + signInHost + "/login"}
	w.create(
		&rbacv1.Role{
			ObjectMeta: metav1.ObjectMeta{Name: providerName},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{providerName}, Verbs: []string{"get"}}},
		},
		&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: providerName},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: providerName},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "rollcall-system", Name: "rollcall-manager"}},
		},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: providerName}, StringData: map[string]string{"token": p.token}},
		&v1alpha1.IdentityBackend{
			ObjectMeta: metav1.ObjectMeta{Name: providerName},
			Spec: v1alpha1.IdentityBackendSpec{Type: v1alpha1.BackendSCIM, SCIM: &v1alpha1.SCIMBackend{
				URL:         p.url,
				Credentials: v1alpha1.SCIMCredentials{BearerTokenRef: &v1alpha1.KeyReference{Name: providerName, Key: "token"}},
				Mapping:     p.mapping,
			}},
		},
	)
}

func (provider) place() string { return signInHost }

func (provider) answers() url.Values { return url.Values{"confirm": {"yes"}} }

func (provider) fillIn(w *world, page *browser.Page) {
	w.Helper()
	page.Click("#confirm")
}

// signIn is what the service provider would let in, and what it knows of them:
// it is the organization, to whose sign-in our portal leads.
func (p provider) signIn(w *world, email string) (bool, string) {
	w.Helper()
	u, found := p.user(w, email)
	if !found || !u.Active {
		return false, fmt.Sprintf("the service provider has %+v (%t)", u, found)
	}
	seen := []string{u.DisplayName, w.person().get(w.portal + "/o/" + w.namespace + "/sunrise/signin").text}
	for _, g := range p.groups(w) {
		if slices.ContainsFunc(g.Members, func(m scimMember) bool { return m.Value == u.ID }) {
			seen = append(seen, g.DisplayName)
		}
	}
	return true, strings.Join(seen, "\n")
}

func (p provider) stillIn(w *world, _ *person, email string) string {
	w.Helper()
	if in, seen := p.signIn(w, email); in {
		return seen
	}
	return ""
}

// scimUser and scimGroup are what stories look at.
type scimUser struct {
	ID, ExternalID, UserName, DisplayName string
	Active                                bool
}

type scimMember struct{ Value string }

type scimGroup struct {
	ID, DisplayName string
	Members         []scimMember
}

func (p provider) user(w *world, email string) (scimUser, bool) {
	w.Helper()
	users := listed[scimUser](w, p, "/Users?count=1000")
	i := slices.IndexFunc(users, func(u scimUser) bool { return strings.EqualFold(u.UserName, email) })
	if i < 0 {
		return scimUser{}, false
	}
	return users[i], true
}

func (p provider) groups(w *world) []scimGroup {
	w.Helper()
	return listed[scimGroup](w, p, "/Groups?count=1000")
}

// listed asks the service provider as its own administrator would.
func listed[T any](w *world, p provider, path string) []T {
	w.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, p.url+path, http.NoBody)
	must(w.T, err)
	request.Header.Set("Authorization", "Bearer "+p.token)
	response, err := http.DefaultClient.Do(request)
	must(w.T, err)
	defer func() { _ = response.Body.Close() }()
	var list struct{ Resources []T }
	if response.StatusCode == http.StatusNotFound {
		return nil // a service provider without such things
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil || response.StatusCode != http.StatusOK {
		w.Fatalf("list %s: %s (%v)", path, response.Status, err)
	}
	return list.Resources
}
