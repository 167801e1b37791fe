package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

const (
	kindBackend      = "IdentityBackend"
	kindOrganization = "Organization"
	kindUnit         = "BusinessUnit"
	kindRole         = "Role"
)

// relate checks what needs more than one object.
func (s *Set) relate() {
	addresses, users := map[string]*item{}, map[key]*item{}
	for _, i := range s.items {
		switch o := i.object.(type) {
		case *v1alpha1.Organization:
			s.organization(i, o)
			s.shared(i, o, users)
			s.able(i, o.Name, "spec", func(can ability.Abilities) phase.Answer { return can.Organization(&o.Spec) })
		case *v1alpha1.BusinessUnit:
			s.belongs(i, o.Spec.OrganizationRef.Name)
			s.unit(i, o)
			s.able(i, o.Spec.OrganizationRef.Name, "spec", ability.Abilities.BusinessUnit)
		case *v1alpha1.Role:
			s.belongs(i, o.Spec.OrganizationRef.Name)
			s.role(i, o)
			s.able(i, o.Spec.OrganizationRef.Name, "spec.level", func(can ability.Abilities) phase.Answer { return can.Role(o.Spec.Level) })
		case *v1alpha1.User:
			s.belongs(i, o.Spec.OrganizationRef.Name)
			s.address(i, o, addresses)
			s.able(i, o.Spec.OrganizationRef.Name, "spec", func(can ability.Abilities) phase.Answer { return can.User(&o.Spec) })
			s.grants(i, o.Spec.OrganizationRef.Name, "spec", o.Spec.Roles, o.Spec.BusinessUnits)
		case *v1alpha1.InviteBatch:
			s.belongs(i, o.Spec.OrganizationRef.Name)
			s.batch(i, o)
			t := o.Spec.Template
			s.grants(i, o.Spec.OrganizationRef.Name, "spec.template", t.Roles, t.BusinessUnits)
			s.template(i, o.Spec.OrganizationRef.Name, v1alpha1.LinkTemplate{Roles: t.Roles, BusinessUnits: t.BusinessUnits, RemovalPolicy: t.RemovalPolicy})
		case *v1alpha1.InviteLink:
			s.belongs(i, o.Spec.OrganizationRef.Name)
			s.grants(i, o.Spec.OrganizationRef.Name, "spec.template", o.Spec.Template.Roles, o.Spec.Template.BusinessUnits)
			s.template(i, o.Spec.OrganizationRef.Name, o.Spec.Template)
		}
	}
}

func (s *Set) belongs(i *item, organization string) {
	if s.find(i, kindOrganization, organization) == nil {
		s.missing(i, "spec.organizationRef.name", "there is no Organization %q in namespace %q; declare it or correct spec.organizationRef", organization, i.namespace)
	}
}

func (s *Set) organization(i *item, o *v1alpha1.Organization) {
	if ref := o.Spec.BackendRef; ref != nil && s.find(i, kindBackend, ref.Name) == nil {
		s.missing(i, "spec.backendRef.name", "there is no IdentityBackend %q in namespace %q; declare it or correct spec.backendRef", ref.Name, i.namespace)
	}
	for n, email := range o.Spec.Safety.ProtectedEmails {
		if _, err := address.Canonical(email); err != nil {
			s.report(i, SeverityError, fmt.Sprintf("spec.safety.protectedEmails[%d]", n), "protects nobody: %v", err)
		}
	}
}

func (s *Set) address(i *item, u *v1alpha1.User, seen map[string]*item) {
	canonical, err := address.Canonical(u.Spec.Email)
	if err != nil {
		s.report(i, SeverityError, "spec.email", "%v", err)
		return
	}
	id := strings.Join([]string{i.namespace, u.Spec.OrganizationRef.Name, canonical}, "\n")
	if before := seen[id]; before != nil {
		s.report(i, SeverityError, "spec.email", "User %q has the same address, in %s line %d; keep one of the two", before.name, before.document.File, before.document.Line)
		return
	}
	seen[id] = i
}

// batch warns about addresses that the batch will refuse: the others are invited.
func (s *Set) batch(i *item, b *v1alpha1.InviteBatch) {
	seen := map[string]bool{}
	check := func(path, where string, e address.Entry) {
		switch {
		case e.Err != nil:
			s.report(i, SeverityWarning, path, "%s will be refused: %v", where, e.Err)
		case seen[e.Address.String()]:
			s.report(i, SeverityWarning, path, "%s stands in the batch before", where)
		default:
			seen[e.Address.String()] = true
		}
	}
	for n, text := range b.Spec.Emails {
		path := fmt.Sprintf("spec.emails[%d]", n)
		check(path, path, address.ParseEntry(text))
	}
	for _, e := range address.ParseList(b.Spec.EmailsText) {
		check("spec.emailsText", fmt.Sprintf("line %d of spec.emailsText", e.Line), e)
	}
}

// grants checks the roles and units that somebody gets.
func (s *Set) grants(i *item, organization, path string, roles []v1alpha1.RoleGrant, units []string) {
	for n, unit := range units {
		s.member(i, organization, kindUnit, unit, fmt.Sprintf("%s.businessUnits[%d]", path, n))
	}
	for n, grant := range roles {
		at := fmt.Sprintf("%s.roles[%d]", path, n)
		if slices.Contains(roles[:n], grant) {
			s.report(i, SeverityError, at, "the role %q is given twice; write it once", grant.Name)
		}
		if grant.BusinessUnit != "" {
			s.member(i, organization, kindUnit, grant.BusinessUnit, at+".businessUnit")
		}
		role, ok := s.member(i, organization, kindRole, grant.Name, at+".name").(*v1alpha1.Role)
		if !ok {
			continue
		}
		switch level := role.Spec.Level; {
		case level == v1alpha1.RoleLevelBusinessUnit && grant.BusinessUnit == "":
			s.report(i, SeverityError, at, "the role %q holds within a unit; say in which with businessUnit", grant.Name)
		case level == v1alpha1.RoleLevelOrganization && grant.BusinessUnit != "":
			s.report(i, SeverityError, at+".businessUnit", "the role %q holds in the whole organization; take businessUnit away", grant.Name)
		}
	}
}
