// Package protocol speaks SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865) with a service
// provider, as a client that expects the worst of it.
//
// It knows resources, attributes, filters, pages and errors; it does not know
// members, roles or organizations. What a resource means to Rollcall is decided
// by the package above.
//
// It promises:
//   - Nothing is concluded from an answer that is not SCIM: HTML, truncated
//     JSON, a JSON error page with status 200, a body beyond the limit, or a 404
//     of something in between are errors, never an empty listing or an absence.
//   - A listing says [Page.Complete] only when everybody who was there from its
//     beginning to its end is in it; see [Client.List] for the conditions.
//   - Every resource that [Client.Find] returns was compared with the filter on
//     our side; a service provider that ignores filters is found out.
//   - A PUT goes only to a resource that was read whole a moment before, and
//     only where PATCH is not supported (RFC 7644 sections 3.5.1 and 3.5.2).
//   - Requests go to the configured scheme, host and base path, whatever
//     meta.location, Location, a cursor or a redirect says; credentials as well.
//   - Errors are [github.com/rollcall-dev/rollcall/internal/directory.Error] with
//     a kind from one table (RFC 7644 section 3.12), and contain no secret, no
//     mail address, no identifier that the caller did not give.
//   - Changes that would have to wait go together: those of one group's members that
//     are asked for while another is under way in one PATCH, and where the service
//     provider offers bulk (RFC 7644 section 3.7) all that wait until a request may
//     begin ([Options.MaxInFlight], [Options.Rate]) in one request. What need not wait
//     goes at once, as a request of its own; a request that hangs delays nobody but
//     those whose changes are in it, and later changes of the same group, for
//     [Options.Timeout]. Errors, contexts and panics are those of each change; whoever
//     gives up before a request began is not in it. A change of one version, and a PUT,
//     go alone.
//   - What a request in bulk leaves open is open for each of its changes, and not done
//     again here; a change is told what has its unguessable bulkId, or its own
//     location, and nothing else. What is refused as a whole is nobody's own refusal:
//     it is done one by one, and bulk is left alone for a while.
//   - A Retry-After (RFC 9110 section 10.2.3) pauses the whole client; a service
//     provider that cannot be reached is left alone by a circuit breaker.
//
// It remembers, in the process only: features ([Options.FeaturesAge]), what
// answers have taught ([Client.Forget]), and which resources a listing has had
// (about 30 bytes each, 32 listings at once). The time comes from
// [Options.Clock], but for timeouts of requests.
//
// It does not promise:
//   - that a write happened at most once when its answer was lost: the caller
//     observes again and compares;
//   - filters beyond "attribute eq value", sorting, .search, /Me, or bulk
//     references between operations;
//   - that nobody disappears from a group when the service provider ignores the
//     value of a removal and the connection is lost at that moment; see
//     [Client.ChangeMembers];
//   - that an attribute was stored: service providers drop what they do not
//     know (RFC 7644 section 3.3), so the caller looks at the result.
package protocol
