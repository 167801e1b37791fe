// Package plan compares what Users declare with what a backend was seen to have,
// and says what follows: what would be done, what somebody else has changed, and
// who is a member although no User says so.
//
// It is pure: the same [Facts] lead to the same [Comparison]. It promises that
//   - somebody is undeclared only when no User, living or being deleted, has or
//     holds their address, and they are let in and did not join a moment ago;
//   - a difference is drift only when what is declared was applied before: then
//     somebody else made it;
//   - where others bring people into the backend too, nobody is to be removed who
//     was never created or adopted here;
//   - nobody's absence is concluded from a listing that is not complete.
//
// It does not act, and knows no rails: what would be removed is what is asked
// for, and [github.com/rollcall-dev/rollcall/controllers/organization] asks the
// rails for each.
package plan
