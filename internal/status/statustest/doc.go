// Package statustest checks statuses against the rules of kstatus.
package statustest
