//go:build !timetravel

package app

import "k8s.io/utils/clock"

// wallClock is the time that the process lives in.
func wallClock() clock.RealClock { return clock.RealClock{} }
