// Package declared says what Users declare in the words of the domain: who the
// person is, with what access, in what state, and which of several Users an
// address belongs to.
//
// It is pure: it looks at objects and a time, and at nothing else. It keeps
// "omitted" and "none" apart, as the API does: what is omitted is not managed
// and stays as the backend has it, an empty list takes everything away.
//
// It does not look whether the Roles and BusinessUnits that a User names exist,
// and does not say what is to be done: that is the matter of
// [github.com/rollcall-dev/rollcall/internal/plan] and of the controllers.
package declared
