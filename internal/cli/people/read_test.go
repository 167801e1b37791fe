package people_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/people"
)

func read(text string) ([]*v1alpha1.User, []people.Problem, error) {
	return people.Read(strings.NewReader(text), people.Options{
		Organization: "clinic", Namespace: "team", Template: func() *v1alpha1.User { return &v1alpha1.User{} },
	})
}

func TestHR8_Read(t *testing.T) {
	users, problems, err := read("\ufeffName;E-Mail;display_name;Given Name;family-name;title;Phone;locale;Roles;Business Units;message;Access until;attribute:Team color\r\n" +
		"ada;\"Ada <ADA@Example.com>\";\"Lovelace; \"\"Ada\"\" 𝔸\";Ada;Lovelace;Dr;+14155550123;en;clinician, lead@north;north south;Hi;2027-03-31;red\r\n" +
		";;;;;;;;;;;;\r\n\r\n")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	until := metav1.NewTime(time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC))
	want := []*v1alpha1.User{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "ada"},
		Spec: v1alpha1.UserSpec{
			OrganizationRef: v1alpha1.LocalReference{Name: "clinic"}, Email: "ada@example.com",
			Profile: v1alpha1.Profile{
				DisplayName: `Lovelace; "Ada" 𝔸`, GivenName: "Ada", FamilyName: "Lovelace", Title: "Dr", Phone: "+14155550123", Locale: "en",
				Attributes: map[string]v1alpha1.AttributeValue{"Team color": "red"},
			},
			Roles:         []v1alpha1.RoleGrant{{Name: "clinician"}, {Name: "lead", BusinessUnit: "north"}},
			BusinessUnits: []string{"north", "south"},
			Invitation:    v1alpha1.UserInvitation{Invitation: v1alpha1.Invitation{Message: "Hi"}},
			AccessUntil:   &until,
		},
	}}
	if diff := cmp.Diff(want, users); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a line says replaces what holds for all.
func TestRead_Template(t *testing.T) {
	users, _, err := people.Read(strings.NewReader("email,roles\na@example.com,\nb@example.com,lead\n"), people.Options{
		Organization: "clinic", Template: func() *v1alpha1.User {
			return &v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.RoleGrant{{Name: "clinician"}}}}
		},
	})
	if err != nil || len(users) != 2 {
		t.Fatal(users, err)
	}
	if users[0].Spec.Roles[0].Name != "clinician" || len(users[1].Spec.Roles) != 1 || users[1].Spec.Roles[0].Name != "lead" {
		t.Errorf("roles %v and %v", users[0].Spec.Roles, users[1].Spec.Roles)
	}
}

// Every bad line is told, and no good one is lost.
func TestHR8_ReadTellsEveryBadLine(t *testing.T) {
	users, problems, err := people.Read(strings.NewReader("email,name,displayName,accessUntil,roles\n"+
		"a@example.com,a,,,\n"+
		"nobody,b,,,\n"+
		",c,,,\n"+
		"d@example.com,a,,,\n"+
		"A@EXAMPLE.com,e,,,\n"+
		"f@example.com,f,\"two\nlines\",soon,x x\n"+
		"g@example.com,g\n"+
		"h@example.com,\"h\"x,,,\n"+
		"i@example.com,refused,,,\n"+
		"\"j@example.com\r\nBcc: x@example.com\",j,,,\n"+
		"k@example.com,,𝔸 \u202eEve,,\n"), people.Options{
		Organization: "clinic", Template: func() *v1alpha1.User { return &v1alpha1.User{} },
		Refused: func(u *v1alpha1.User) []error {
			if u.Name == "refused" {
				return []error{errors.New("the API server says\nno")}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var told, good []string
	for _, p := range problems {
		told = append(told, p.String())
	}
	for _, u := range users {
		good = append(good, u.Spec.Email)
	}
	want := []string{
		`line 3: email: "nobody": there is no @; write an address such as ada@example.com`,
		`line 4: email: an address is missing`,
		`line 5: name: "a" stands in line 2`,
		`line 6: email: the same address stands in line 2`,
		`line 7: accessUntil: write a day such as 2027-03-31 or a time such as 2027-03-31T17:00:00Z`,
		`line 7: roles: the role "x" is given twice`,
		`line 9: has 2 values where the headers are 5`,
		`line 10: extraneous or missing " in quoted-field; a quotation mark is written twice inside quotation marks`,
		`line 11: the API server says no`,
		`line 12: email: "j@example.com\nBcc: x@example.com": there is more than one @; write one address, and separate several by commas or line breaks`,
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a@example.com", "k@example.com"}, good); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
}

func TestRead_Refuses(t *testing.T) {
	for name, test := range map[string]struct{ reason, text, says string }{
		"empty":         {"no headers", "", "the table is empty"},
		"unknown":       {"an ignored column is a promise broken", "email,Salary\n", `the column "Salary" means nothing; the headers are email, name`},
		"no email":      {"nobody can be invited", "name\n", "there is no column email"},
		"twice":         {"which one?", "email,E-mail\n", `the column "E-mail" is there twice`},
		"no attribute":  {"it has no name", "email,attribute:\n", "means nothing"},
		"not UTF-8":     {"a name would be broken", "email\nad\xe4@example.com\n", "export it again as CSV UTF-8"},
		"broken header": {"not a table", "\"email\n", "quoted-field"},
		"too long":      {"bounded", "email\n" + strings.Repeat("x\n", 200_001), "more than 200000 lines"},
	} {
		t.Run(name, func(t *testing.T) {
			if users, _, err := read(test.text); err == nil || !strings.Contains(err.Error(), test.says) || users != nil {
				t.Errorf("%s: %v with %d users, want %q", test.reason, err, len(users), test.says)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("email,name\nada@example.com,\"x\ny\"\n")
	f.Add("\ufeffemail;roles\tmessage\n\r\n\";;\n")
	f.Fuzz(func(t *testing.T, text string) {
		users, problems, err := read(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, u := range users {
			if id := u.Spec.Email; id == "" || seen[id] || u.Name == "" {
				t.Errorf("user %q %q", u.Name, id)
			}
			seen[u.Spec.Email] = true
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > strings.Count(text, "\n")+1 || strings.ContainsAny(p.Message, "\r\n") {
				t.Errorf("problem %q of %s", p, fmt.Sprintf("%q", text))
			}
		}
	})
}
