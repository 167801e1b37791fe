package lint

import (
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// abilities are those of an Organization's backend, as far as they are declared,
// and false when it is not known which backend it has. What a service provider
// will be found to be unable to do is not known here.
func (s *Set) abilities(from *item, organization string) (ability.Abilities, bool) {
	org, ok := s.object(from, kindOrganization, organization).(*v1alpha1.Organization)
	if !ok {
		return ability.Abilities{}, false
	}
	ref := org.Spec.BackendRef
	if ref == nil {
		return ability.Declared(nil), true
	}
	backend, ok := s.object(from, kindBackend, ref.Name).(*v1alpha1.IdentityBackend)
	if !ok {
		return ability.Abilities{}, false
	}
	return ability.Declared(backend), true
}

// able reports what a controller would refuse because of the backend.
func (s *Set) able(i *item, organization, path string, judge func(ability.Abilities) phase.Answer) {
	can, known := s.abilities(i, organization)
	if !known {
		return
	}
	if a := judge(can); a.Word != phase.WordDone {
		s.report(i, SeverityError, path, "%s", strings.TrimSuffix(a.Message, "."))
	}
}

// template reports what everybody made by a batch or a link would be refused for.
func (s *Set) template(i *item, organization string, t v1alpha1.LinkTemplate) {
	s.able(i, organization, "spec.template", func(can ability.Abilities) phase.Answer { return can.Link(&t) })
}

// shared reports a second Organization on a backend that is one.
func (s *Set) shared(i *item, o *v1alpha1.Organization, users map[key]*item) {
	ref := o.Spec.BackendRef
	if ref == nil {
		return
	}
	backend, ok := s.object(i, kindBackend, ref.Name).(*v1alpha1.IdentityBackend)
	if !ok || backend.Spec.Type != v1alpha1.BackendSCIM {
		return
	}
	id := key{namespace: i.namespace, kind: kindBackend, name: ref.Name}
	if before := users[id]; before != nil {
		s.report(i, SeverityError, "spec.backendRef.name", "IdentityBackend %q is one organization, and Organization %q names it too, in %s line %d; give each its own",
			ref.Name, before.name, before.document.File, before.document.Line)
		return
	}
	users[id] = i
}
