package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// Each kind of credentials is shown to the service provider as it should be, and
// what it refuses is told as such.
func TestBY11_Credentials(t *testing.T) {
	ref := v1alpha1.KeyReference{Name: "acme-token", Key: "token"}
	for name, test := range map[string]struct {
		credentials v1alpha1.SCIMCredentials
		material    material
		want        string
	}{
		"token":   {v1alpha1.SCIMCredentials{BearerTokenRef: &ref}, material{bearerToken: "t0ken"}, "Bearer t0ken"},
		"basic":   {v1alpha1.SCIMCredentials{Basic: &v1alpha1.SCIMBasic{Username: "Aladdin", PasswordRef: ref}}, material{password: "open sesame"}, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		"nothing": {v1alpha1.SCIMCredentials{ClientCertificateRef: &v1alpha1.LocalReference{Name: "pair"}}, material{}, ""},
		"oauth": {
			v1alpha1.SCIMCredentials{OAuth: &v1alpha1.SCIMOAuth{ClientID: "rollcall", ClientSecretRef: ref}},
			material{clientSecret: "hush"},
			"Bearer granted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			shown := make(chan string, 100)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(`{"access_token":"granted","token_type":"Bearer","expires_in":3600}`))
					return
				}
				shown <- r.Header.Get("Authorization")
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer server.Close()
			if test.credentials.OAuth != nil {
				test.credentials.OAuth.TokenURL = server.URL + "/token"
			}
			named := acme(with(test.credentials))
			named.Spec.SCIM.URL = server.URL
			b, err := dialSCIM(&ledger.Ledger{}, clock.RealClock{})(named, test.material, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Check(t.Context()); !directory.IsKind(err, directory.KindCredentials) {
				t.Errorf("error %v, want KindCredentials", err)
			}
			if got := <-shown; got != test.want {
				t.Errorf("shown is %q, want %q", got, test.want)
			}
		})
	}
}

// What the schema lets pass and is wrong all the same is said with its field.
func TestHE3_ASpecThatCannotBeUsed(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*v1alpha1.SCIMBackend)
		says string
	}{
		"no such path": {func(s *v1alpha1.SCIMBackend) {
			s.Mapping.Attributes = []v1alpha1.SCIMAttribute{{Field: "title", Attribute: "a[["}}
		}, "spec.scim.mapping is wrong: "},
		"a path that is kept": {func(s *v1alpha1.SCIMBackend) {
			s.Mapping.Attributes = []v1alpha1.SCIMAttribute{{Field: "title", Attribute: "userName"}}
		}, "spec.scim.mapping is wrong: "},
		"no credentials": {func(s *v1alpha1.SCIMBackend) { s.Credentials = v1alpha1.SCIMCredentials{} }, "spec.scim is wrong: "},
	} {
		t.Run(name, func(t *testing.T) {
			named := acme()
			test.edit(named.Spec.SCIM)
			_, err := dialSCIM(&ledger.Ledger{}, clock.RealClock{})(named, material{bearerToken: "t0ken"}, nil)
			if !directory.IsKind(err, directory.KindInvalid) || !strings.HasPrefix(err.Error(), test.says) {
				t.Errorf("error %v, want KindInvalid: %s", err, test.says)
			}
		})
	}
	named := acme()
	named.Spec.SCIM = nil
	if _, err := dialSCIM(&ledger.Ledger{}, clock.RealClock{})(named, material{}, nil); !directory.IsKind(err, directory.KindInvalid) {
		t.Errorf("error %v", err)
	}
}

// What was found out about a system is of one IdentityBackend as it is declared:
// not of one that was edited, or made anew under the name.
func TestBY11_EditionsOfASystem(t *testing.T) {
	named := acme()
	named.UID, named.Generation = "a", 1
	known := map[string]ledger.Edition{"as it is": editionOf(named)}
	rotated := named.DeepCopy()
	rotated.ResourceVersion, rotated.Annotations = "7", map[string]string{"seen": "today"}
	if systemOf(named) != named.Namespace+"/acme" || editionOf(rotated) != editionOf(named) {
		t.Errorf("%s is of edition %v, and untouched of %v", systemOf(named), editionOf(named), editionOf(rotated))
	}
	edited, anew := named.DeepCopy(), named.DeepCopy()
	edited.Generation, anew.UID = 2, "b"
	for reason, other := range map[string]ledger.Edition{"edited": editionOf(edited), "made anew": editionOf(anew)} {
		for before, edition := range known {
			if edition == other {
				t.Errorf("%s is %s", reason, before)
			}
		}
		known[reason] = other
	}
}

// Every setting reaches the client.
func TestBY11_Settings(t *testing.T) {
	spec := &v1alpha1.SCIMBackend{
		URL: "https://acme.example/scim/v2", Credentials: v1alpha1.SCIMCredentials{BearerTokenRef: &v1alpha1.KeyReference{}},
		Requests: v1alpha1.SCIMRequests{Timeout: &metav1.Duration{Duration: time.Minute}, PerSecond: 5, InFlight: 3},
		Discovery: v1alpha1.SCIMDiscovery{
			Patch: v1alpha1.ToggleDisabled, Filter: v1alpha1.ToggleEnabled, Bulk: v1alpha1.ToggleAuto, ETag: v1alpha1.ToggleEnabled,
			CursorPaging: v1alpha1.ToggleDisabled, Deletion: v1alpha1.ToggleDisabled, PageSize: 50, GroupMembersPerRequest: 10,
			UsersPath: "/People", GroupsPath: "/Teams",
		},
	}
	got := clientOptions(spec, material{bearerToken: "t", certificate: "c", key: "k", authorities: "a"}, nil)
	want := protocol.Options{
		URL: spec.URL, Authorize: protocol.BearerToken("t"), UserAgent: "rollcall-manager",
		TLS:     protocol.TLS{CABundle: []byte("a"), Certificate: []byte("c"), Key: []byte("k")},
		Timeout: time.Minute, Rate: protocol.Rate{PerSecond: 5, Burst: 5}, MaxInFlight: 3,
		Overrides: protocol.Overrides{
			Patch: protocol.No, Filter: protocol.Yes, ETag: protocol.Yes, CursorPaging: protocol.No, Delete: protocol.No,
			MaxPageSize: 50, MaxPatchMembers: 10, UsersEndpoint: "/People", GroupsEndpoint: "/Teams",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("client (-want +got):\n%s", diff)
	}
	mapping := mappingOf(v1alpha1.SCIMMapping{
		BusinessUnits: v1alpha1.SCIMHolding{HeldIn: v1alpha1.HeldInAttribute, Attribute: "userType"}, Roles: v1alpha1.SCIMHolding{HeldIn: v1alpha1.HeldNowhere},
		Attributes: []v1alpha1.SCIMAttribute{{Field: "attributes.license", Attribute: "entitlements"}, {Field: "title"}},
	})
	wanted := scim.Mapping{
		Units: scim.Holding{In: scim.HeldInAttribute, Attribute: "userType"}, Roles: scim.Holding{In: scim.HeldNowhere},
		Attributes: []scim.Attribute{{Field: "attributes.license", Path: "entitlements"}, {Field: directory.FieldTitle}},
	}
	if diff := cmp.Diff(wanted, mapping); diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
}
