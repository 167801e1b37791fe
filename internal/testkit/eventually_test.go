package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

func TestEventually(t *testing.T) {
	broken := errors.New("the lake is dry")
	tests := map[string]struct {
		reason string
		// check is asked for the how-manieth time it is called.
		check func(look int, giveUp func()) (bool, error)
		want  string
	}{
		"Done": {
			reason: "it looks until it is done",
			check:  func(look int, _ func()) (bool, error) { return look == 3, nil },
		},
		"TimeIsOver": {
			reason: "the last observation tells what is missing",
			check: func(look int, giveUp func()) (bool, error) {
				if look == 2 {
					giveUp()
				}
				return false, nil
			},
			want: "wait for ducks: context canceled; last observed: ducks: 2",
		},
		"Broken": {
			reason: "an error is not waited out",
			check:  func(int, func()) (bool, error) { return false, broken },
			want:   "wait for ducks: the lake is dry",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			looks := 0
			err := testkit.Eventually(ctx, "ducks", func(context.Context) (bool, string, error) {
				looks++
				done, err := tt.check(looks, giveUp)
				return done, fmt.Sprintf("ducks: %d", looks), err
			})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%s: got error %q, want %q", tt.reason, got, tt.want)
			}
		})
	}
}

func TestRepositoryIsTheRootOfTheCheckout(t *testing.T) {
	if read(t, testkit.Repository()+"/internal/testkit/doc.go") == "" {
		t.Error("it is another place")
	}
}
