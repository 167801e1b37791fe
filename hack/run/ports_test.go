package main

import (
	"net"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// takePort returns a port on which somebody else listens.
func takePort(t *testing.T) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	_, text, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestATakenPortIsLeftAlone(t *testing.T) {
	taken := takePort(t)
	for name, last := range map[string]int{"AtFirst": 0, "WhenItWasOursLastTime": taken} {
		t.Run(name, func(t *testing.T) {
			got, err := choosePort(t.Context(), last, taken, map[int]bool{taken + 1: true})
			if err != nil {
				t.Fatal(err)
			}
			if got <= taken+1 || got >= taken+portsTried {
				t.Errorf("got %d; %d is somebody else's and %d is for another part", got, taken, taken+1)
			}
		})
	}
}

func TestPortsStayTheSameBecauseLinksInMailsLeadToThem(t *testing.T) {
	l := inTemporaryFolder(t)
	first, err := choosePorts(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	second, err := choosePorts(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}
