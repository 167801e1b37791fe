// Package index names the field indexes of the manager's cache and registers
// them, so that nobody ever scans all Users to find a few.
package index
