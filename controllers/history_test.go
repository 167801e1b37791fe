package controllers_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// declaration is one person in a commit: in a manifest of their own, or in the
// list of a batch.
type declaration struct {
	manifest   string
	role, unit string
	inBatch    bool
}

// commit is who belongs to the organization, by address.
type commit map[string]declaration

// history makes commits as a year of a clinic does, the same ones for a seed.
type history struct {
	random  *rand.Rand
	commits []commit
	// named counts manifests, so that a renamed one has a name of its own.
	named int
	// done counts what was done, by kind, and last says what was done last.
	done map[string]int
	last string
}

// keeper is always in the batch: a list must not be empty.
const keeper = "keeper@example.com"

func newHistory(seed uint64) *history {
	return &history{
		random:  rand.New(rand.NewPCG(seed, seed)),
		commits: []commit{{keeper: {inBatch: true}}}, done: map[string]int{},
	}
}

func (h *history) head() commit { return h.commits[len(h.commits)-1] }

// next makes one commit more.
func (h *history) next() commit {
	c := maps.Clone(h.head())
	kind := ""
	for kind == "" {
		kind = h.change(c)
	}
	if kind == "revert" {
		c = maps.Clone(h.commits[max(0, len(h.commits)-2-h.random.IntN(8))])
	}
	h.done[kind]++
	h.last = kind + difference(h.head(), c)
	h.commits = append(h.commits, c)
	return c
}

// difference says whose declaration changed.
func difference(before, after commit) string {
	text := ""
	for _, address := range slices.Sorted(maps.Keys(before)) {
		if d, is := after[address]; !is {
			text += fmt.Sprintf(" -%s", address)
		} else if d != before[address] {
			text += fmt.Sprintf(" %s:%+v->%+v", address, before[address], d)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(after)) {
		if _, is := before[address]; !is {
			text += fmt.Sprintf(" +%s:%+v", address, after[address])
		}
	}
	return text
}

// change does one thing, and says what; "" when it could not be done.
func (h *history) change(c commit) string {
	switch n := h.random.IntN(100); {
	case n < 35:
		return h.join(c)
	case n < 50:
		return h.edit(c, "leave", func(address string, _ declaration) { delete(c, address) })
	case n < 60:
		return h.edit(c, "rename", func(address string, d declaration) { d.manifest = h.name(); c[address] = d })
	case n < 72:
		return h.edit(c, "change role", func(address string, d declaration) { d.role = other(d.role, "clinician", "manager"); c[address] = d })
	case n < 82:
		return h.edit(c, "move unit", func(address string, d declaration) { d.unit = other(d.unit, "north", "south"); c[address] = d })
	case n < 87:
		return h.edit(c, "move into the batch", func(address string, _ declaration) { c[address] = declaration{inBatch: true} })
	case n < 92:
		return h.moveOut(c)
	default:
		return "revert"
	}
}

func (h *history) join(c commit) string {
	address := fmt.Sprintf("p%02d@example.com", h.random.IntN(40))
	if _, is := c[address]; is {
		return ""
	}
	c[address] = declaration{manifest: h.name(), role: "clinician", unit: "north"}
	return "join"
}

// edit changes somebody who has a manifest.
func (h *history) edit(c commit, kind string, change func(string, declaration)) string {
	return h.somebody(c, kind, func(d declaration) bool { return !d.inBatch }, change)
}

func (h *history) moveOut(c commit) string {
	return h.somebody(c, "move out of the batch", func(d declaration) bool { return d.inBatch }, func(address string, _ declaration) {
		c[address] = declaration{manifest: h.name(), role: "clinician", unit: "north"}
	})
}

func (h *history) somebody(c commit, kind string, which func(declaration) bool, change func(string, declaration)) string {
	var all []string
	for _, address := range slices.Sorted(maps.Keys(c)) {
		if address != keeper && which(c[address]) {
			all = append(all, address)
		}
	}
	if len(all) == 0 {
		return ""
	}
	address := all[h.random.IntN(len(all))]
	change(address, c[address])
	return kind
}

func (h *history) name() string {
	h.named++
	return fmt.Sprintf("m%03d", h.named)
}

func other(is string, a, b string) string {
	if is == a {
		return b
	}
	return a
}

// mails counts the invitations that are due: one for every time that an address
// came which was not there before. Renames, moves and roles are due none.
func (h *history) mails() map[string]int {
	due := map[string]int{}
	before := commit{}
	for _, c := range h.commits {
		for address := range c {
			if _, is := before[address]; !is {
				due[address]++
			}
		}
		before = c
	}
	return due
}

// manifests are the objects of a commit in a namespace, as they lie in Git.
func (c commit) manifests(namespace string) []client.Object {
	batch := &v1alpha1.InviteBatch{
		ObjectMeta: metav1.ObjectMeta{Name: "list"},
		Spec: v1alpha1.InviteBatchSpec{
			OrganizationRef: clinicRef, RemovalPolicy: v1alpha1.BatchRemove,
			Template: v1alpha1.UserTemplate{Roles: []v1alpha1.RoleGrant{{Name: "clinician"}}, BusinessUnits: []string{"north"}},
		},
	}
	var objects []client.Object
	for _, address := range slices.Sorted(maps.Keys(c)) {
		d := c[address]
		if d.inBatch {
			batch.Spec.Emails = append(batch.Spec.Emails, address)
			continue
		}
		objects = append(objects, user(d.manifest, address, func(s *v1alpha1.UserSpec) {
			s.Roles, s.BusinessUnits = []v1alpha1.RoleGrant{{Name: d.role}}, []string{d.unit}
		}))
	}
	objects = append(objects, batch)
	for _, o := range objects {
		o.SetNamespace(namespace)
		o.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(kindOf(o)))
	}
	slices.SortFunc(objects, func(a, b client.Object) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return objects
}

func kindOf(o client.Object) string {
	if _, is := o.(*v1alpha1.InviteBatch); is {
		return "InviteBatch"
	}
	return "User"
}
