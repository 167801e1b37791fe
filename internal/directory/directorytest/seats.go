package directorytest

import (
	"runtime"

	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

const (
	// busySeats is how many plays at once keep a processor busy: while one waits
	// for the network, another computes. More would only make all of them slow,
	// and an answer come after the time in which it is awaited.
	busySeats = 3
	// patientSeats is how many plays at once, for each processor, wait in vain for
	// an answer, which is nearly all that they do.
	patientSeats = 24
)

// seats bound how many plays are played at once.
type seats struct{ busy, patient chan struct{} }

func newSeats() *seats {
	processors := runtime.GOMAXPROCS(0)
	return &seats{
		busy:    make(chan struct{}, busySeats*processors),
		patient: make(chan struct{}, patientSeats*processors),
	}
}

// take waits for one of the seats, and returns what leaves it.
func take(of chan struct{}) func() {
	of <- struct{}{}
	return func() { <-of }
}

// of is where those sit who play the mishap.
func (s *seats) of(m mishap) chan struct{} {
	for _, fault := range []wirefault.Fault{m.first, m.second} {
		if fault == wirefault.Slow || fault == wirefault.Late {
			return s.patient
		}
	}
	return s.busy
}
