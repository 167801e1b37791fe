package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// member finds a unit or role, and says when it is not there or is another
// organization's. It returns nil then, and when the schema has refused it.
func (s *Set) member(from *item, organization, kind, name, path string) any {
	found := s.find(from, kind, name)
	if found == nil {
		s.missing(from, path, "there is no %s %q in namespace %q; declare it or correct the reference", kind, name, from.namespace)
		return nil
	}
	belongs := organization
	switch o := found.object.(type) {
	case *v1alpha1.BusinessUnit:
		belongs = o.Spec.OrganizationRef.Name
	case *v1alpha1.Role:
		belongs = o.Spec.OrganizationRef.Name
	}
	if belongs != organization {
		s.report(from, SeverityError, path, "%s %q is of the Organization %q, not of %q", kind, name, belongs, organization)
		return nil
	}
	return found.object
}

func (s *Set) unit(i *item, u *v1alpha1.BusinessUnit) {
	if u.Spec.ParentRef == nil {
		return
	}
	s.member(i, u.Spec.OrganizationRef.Name, kindUnit, u.Spec.ParentRef.Name, "spec.parentRef.name")
	above := func(name string) []string {
		if parent, ok := s.object(i, kindUnit, name).(*v1alpha1.BusinessUnit); ok && parent.Spec.ParentRef != nil {
			return []string{parent.Spec.ParentRef.Name}
		}
		return nil
	}
	if circle := circleFrom(i.name, above); circle != nil {
		s.report(i, SeverityError, "spec.parentRef", "the unit lies in itself: %s; take one parentRef away", strings.Join(circle, " in "))
	}
}

func (s *Set) role(i *item, r *v1alpha1.Role) {
	for n, name := range r.Spec.Includes {
		path := fmt.Sprintf("spec.includes[%d]", n)
		included, ok := s.member(i, r.Spec.OrganizationRef.Name, kindRole, name, path).(*v1alpha1.Role)
		if ok && r.Spec.Level == v1alpha1.RoleLevelBusinessUnit && included.Spec.Level != v1alpha1.RoleLevelBusinessUnit {
			s.report(i, SeverityError, path, "a role of level BusinessUnit can include only others of that level, and %q is of level %s", name, included.Spec.Level)
		}
	}
	includes := func(name string) []string {
		if role, ok := s.object(i, kindRole, name).(*v1alpha1.Role); ok {
			return role.Spec.Includes
		}
		return nil
	}
	if circle := circleFrom(i.name, includes); circle != nil {
		s.report(i, SeverityError, "spec.includes", "the role includes itself: %s; take one of them away", strings.Join(circle, " includes "))
	}
}

func (s *Set) object(from *item, kind, name string) any {
	if found := s.find(from, kind, name); found != nil {
		return found.object
	}
	return nil
}

// circleFrom returns a way that leads from a name back to it; nil when there is none.
func circleFrom(start string, next func(string) []string) []string {
	seen := map[string]bool{}
	var walk func(way []string) []string
	walk = func(way []string) []string {
		for _, name := range next(way[len(way)-1]) {
			longer := append(slices.Clone(way), name)
			if name == start {
				return longer
			}
			if !seen[name] {
				seen[name] = true
				if circle := walk(longer); circle != nil {
					return circle
				}
			}
		}
		return nil
	}
	return walk([]string{start})
}
