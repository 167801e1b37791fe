// Package alarm counts how often a rail was tripped, for alerts.
package alarm
