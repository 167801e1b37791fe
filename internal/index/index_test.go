package index_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

func TestPersonKey(t *testing.T) {
	same := map[string]string{
		"case":           "Ada@Example.com",
		"white space":    " ada@example.com\t",
		"canonical form": "ada@example.com",
	}
	for name, email := range same {
		if got, want := index.PersonKey("clinic", email), index.PersonKey("clinic", "ada@example.com"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a, b := index.PersonKey("clinic", "ada@müller.example"), index.PersonKey("clinic", "ada@xn--mller-kva.example"); a != b {
		t.Errorf("%q and %q are the same person", a, b)
	}
	for name, other := range map[string]string{
		"another organization": index.PersonKey("other", "ada@example.com"),
		"another person":       index.PersonKey("clinic", "grace@example.com"),
		"a join of the two":    index.PersonKey("clinicada", "@example.com"),
	} {
		if other == index.PersonKey("clinic", "ada@example.com") {
			t.Errorf("%s has the same key", name)
		}
	}
	if a, b := index.PersonKey("clinic", "Not An Address"), index.PersonKey("clinic", "not an address "); a != b {
		t.Errorf("%q and %q: what is no address compares without regard to case", a, b)
	}
}

// Every index finds what names its key, and nothing else.
func TestIndexes(t *testing.T) {
	s := stage.New(t)
	s.Apply(
		testkit.Organization(func(o *v1alpha1.Organization) { o.Spec.BackendRef = &v1alpha1.LocalReference{Name: "main"} }),
		testkit.Organization(func(o *v1alpha1.Organization) { o.Name = "other" }),
		testkit.BusinessUnit("north"), testkit.BusinessUnit("foreign", func(u *v1alpha1.BusinessUnit) { u.Spec.OrganizationRef.Name = "other" }),
		testkit.Role("lead"), testkit.Role("foreign", func(r *v1alpha1.Role) { r.Spec.OrganizationRef.Name = "other" }),
		testkit.InviteBatch("autumn", []string{"b@example.com"}),
		testkit.InviteLink("open-day", func(l *v1alpha1.InviteLink) {
			l.Spec.Template.Roles = []v1alpha1.RoleGrant{{Name: "lead", BusinessUnit: "south"}}
			l.Spec.Template.BusinessUnits = []string{"north"}
		}),
		testkit.User("member", func(u *v1alpha1.User) { u.Spec.BusinessUnits = []string{"north"} }),
		testkit.User("lead-of-north", func(u *v1alpha1.User) {
			u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "lead", BusinessUnit: "north"}, {Name: "clinician"}}
		}),
		testkit.User("made", func(u *v1alpha1.User) { u.Labels = map[string]string{v1alpha1.LabelBatch: "autumn"} }),
		testkit.User("foreign", func(u *v1alpha1.User) { u.Spec.OrganizationRef.Name, u.Spec.Email = "other", "member@example.com" }),
	)
	for name, test := range map[string]struct {
		list       client.ObjectList
		field, key string
		want       []string
	}{
		"organizations of a backend":    {&v1alpha1.OrganizationList{}, index.Backend, "main", []string{"clinic"}},
		"units of an organization":      {&v1alpha1.BusinessUnitList{}, index.Organization, "clinic", []string{"north"}},
		"roles of an organization":      {&v1alpha1.RoleList{}, index.Organization, "clinic", []string{"lead"}},
		"batches of an organization":    {&v1alpha1.InviteBatchList{}, index.Organization, "clinic", []string{"autumn"}},
		"users of an organization":      {&v1alpha1.UserList{}, index.Organization, "clinic", []string{"lead-of-north", "made", "member"}},
		"users of a person":             {&v1alpha1.UserList{}, index.Person, index.PersonKey("clinic", "MEMBER@example.com"), []string{"member"}},
		"users that name a role":        {&v1alpha1.UserList{}, index.Role, "clinician", []string{"lead-of-north"}},
		"users that name a unit":        {&v1alpha1.UserList{}, index.BusinessUnit, "north", []string{"lead-of-north", "member"}},
		"links of an organization":      {&v1alpha1.InviteLinkList{}, index.Organization, "clinic", []string{"open-day"}},
		"links that name a role":        {&v1alpha1.InviteLinkList{}, index.Role, "lead", []string{"open-day"}},
		"links that name a unit":        {&v1alpha1.InviteLinkList{}, index.BusinessUnit, "north", []string{"open-day"}},
		"links that grant within one":   {&v1alpha1.InviteLinkList{}, index.BusinessUnit, "south", []string{"open-day"}},
		"users of nobody":               {&v1alpha1.UserList{}, index.Role, "", nil},
		"organizations without backend": {&v1alpha1.OrganizationList{}, index.Backend, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Client.List(t.Context(), test.list, client.InNamespace(testkit.Namespace), client.MatchingFields{test.field: test.key}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, stage.Names(test.list)); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

// What made a User is told by its labels alone.
func TestMadeBy(t *testing.T) {
	made := testkit.User("made", func(u *v1alpha1.User) { u.Labels = map[string]string{v1alpha1.LabelBatch: "autumn"} })
	came := testkit.User("came", func(u *v1alpha1.User) { u.Labels = map[string]string{v1alpha1.LabelLink: "open-day"} })
	if diff := cmp.Diff([][]string{{"autumn"}, nil, nil, {"open-day"}},
		[][]string{index.BatchOf(made), index.LinkOf(made), index.BatchOf(came), index.LinkOf(came)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// stub refuses one index.
type stub struct{ refused string }

func (s stub) IndexField(_ context.Context, _ client.Object, field string, _ client.IndexerFunc) error {
	if field == s.refused {
		return errRefused
	}
	return nil
}

var errRefused = errors.New("refused")

func TestRegister_SaysWhichFailed(t *testing.T) {
	if err := index.Register(t.Context(), stub{}); err != nil {
		t.Fatal(err)
	}
	err := index.Register(t.Context(), stub{index.Person})
	if want := "index *v1alpha1.User by person: refused"; !errors.Is(err, errRefused) || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
