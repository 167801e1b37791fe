package app

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// To be measured costs no backend an ability that controllers look for.
func TestBackends_KeepAbilities(t *testing.T) {
	plain := &embedded.Backend{}
	b, err := newBackends(nil, nil, &store{embedded: plain}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	for _, ability := range []reflect.Type{
		reflect.TypeFor[directory.Inviter](), reflect.TypeFor[directory.Linker](), reflect.TypeFor[directory.Reminder](),
		reflect.TypeFor[directory.AddressChanger](),
	} {
		has, measured := reflect.TypeOf(plain).Implements(ability), reflect.TypeOf(b.embedded).Implements(ability)
		if diff := cmp.Diff(has, measured); diff != "" {
			t.Errorf("%s (-embedded +measured):\n%s", ability, diff)
		}
	}
}
