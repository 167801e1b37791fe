package testkit_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

func TestX(t *testing.T) {
	s := time.Now()
	c, err := testkit.StartControlPlane(t.Context(), testkit.ControlPlaneOptions{ControllerManager: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(s))
	s = time.Now()
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(s))
}
