// Package scim is the [directory.Backend] for a service provider that speaks
// SCIM 2.0 (RFC 7643, RFC 7644), of which nothing is expected beyond what nearly
// all of them do. The protocol is that of package protocol; here is what its
// resources mean.
//
// # Who is who
//
// A user of ours has the externalId "<organization>/<address>" and the address
// as userName and e-mail address; a group has "<organization>/units/<name>",
// "<organization>/roles/<name>" or both in a row for a role within a unit. Keys are
// functions of what is declared, so that whoever has lost everything else finds
// the same resources again. A user without a key of ours is whoever has the
// address as userName, or as primary e-mail address when the userName is no
// address; ApplyMember adopts them by writing the key. A key that another client
// gave stays as it is, and a user with the key of another organization is not
// touched. Groups are adopted from nobody. Every match is verified on our side.
//
// # What it promises
//
//   - The state is what the service provider says: who is active there is in. What
//     it cannot hold, that somebody is invited, when they joined, which name they
//     gave, and with OnAccept everything about somebody whom it does not have yet,
//     is in a [directory.Admission], which is there before anybody is let in.
//   - Whoever is created to be kept out, and is active all the same, is deactivated or
//     deleted again, by the next call where this one broke off; never told to be
//     active, or believed to have accepted. They are known by their key, or by the id
//     that the answer told; where there is neither, they may be somebody whom others
//     have added: nothing is done to them by any call, and a human decides.
//   - RemoveMember of such a one forgets that they were waited for, and leaves the
//     user: whoever declared them is done, and the user is seen in the listing as
//     one whom nobody declares. So it is with whom others have added for certain
//     to where we waited, until ApplyMember adopts them.
//   - Where nobody can be kept out, that is found out on one person: it is kept in
//     [directory.Findings], which outlive the process.
//   - Nobody's absence follows from a filter that is ignored, a listing that is not
//     complete, or an answer that is not SCIM. A removal ends all the same where no
//     listing that shows as much was ever complete: when three of them, which are two
//     minutes apart, do not show what is to go. Until then it is KindUnavailable. How
//     large a listing was complete is kept in [directory.Findings].
//   - Of an organization that goes, whoever has to stay keeps nobody else.
//   - Only what differs is written, by PATCH and with the version that was read;
//     nothing is written when nothing differs.
//   - Access ends before a record does, and what is taken away goes before what is
//     given.
//   - One unchanged member costs one request, and a listing a page each, beside the
//     groups where they are needed. Nothing that was read before answers for somebody
//     who can be asked for: after a restart everybody active costs that request again.
//
// # What a new member costs
//
// Creating somebody with two groups takes a client that asks nothing three requests:
// a POST, and a PATCH of each group. Here it takes five; the other two are
//
//   - a search by our key, which finds whom we created when the answer was lost, or
//     before everything else was, and whose userName somebody else has changed since;
//   - a search by e-mail address, which finds whom somebody else created under
//     another userName, and who is adopted. A search by userName follows for those
//     who are to be kept out; for others the POST is refused instead.
//
// They are not one search with an "or", of which there are service providers that
// read the first half only: absence would follow from it. Where filters are ignored,
// a listing stands in for both. Access that is given within ten seconds
// after we created somebody goes by the answer to that, and is looked at again when it
// is refused: somebody who was removed there in between may be given access to, at a
// service provider that takes unknown ids.
//
// Of many callers at once those who would have to wait go together: the changes of a
// group with one PATCH, and where bulk is offered all changes that wait until a
// request may begin with one, and another one that reads what became of them where
// the answer does not tell. With twenty callers, eight of whose requests are under
// way at once, a new member takes about 3.5 requests; with bulk 3.3, and 2.8 where its
// answers tell what became of it, two of which are the searches. Changes that need a
// version go alone. BenchmarkMembersApplied measures it.
//
// # What it does not promise
//
//   - Where filters are ignored, what somebody else has changed is seen within
//     half a minute, and where users do not tell their groups, that of groups within
//     a quarter; names of groups within five minutes. A listing sees all of it.
//   - Two processes that create one person at once rely on the service provider's
//     uniqueness of userName (RFC 7643 section 4.1.1).
//   - Where groups keep no externalId, their displayName is our key, and shows no
//     name that people gave. Where users keep none, a user whose userName and e-mail
//     address somebody else changes is another person.
//   - A role or a unit that is held in an attribute is nothing but a value there:
//     ApplyAccess takes any name. Of the values of a person those are observed and
//     taken away that we gave them, as their admission tells, and those that ApplyRole
//     or ApplyUnit has named in this process; others are somebody else's.
//   - The pages of a listing are in the memory of this process; one that is
//     continued by another begins anew.
package scim
