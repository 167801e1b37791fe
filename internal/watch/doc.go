// Package watch has the predicates and handlers with which controllers listen to
// objects other than their own: which changes matter, whom they concern, and
// how soon.
package watch
