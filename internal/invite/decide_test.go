package invite

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const day = 24 * time.Hour

func TestBY2_Decide(t *testing.T) {
	issued := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	expires := issued.Add(7 * day)
	details := directory.InvitationDetails{OrganizationName: "Sunrise", Roles: []string{"Clinician"}}
	in := func(state directory.InvitationState) directory.Invitation {
		return directory.Invitation{
			ID: "a", Asked: 1, Purpose: directory.PurposeJoin, State: state, CreatedAt: issued, ExpiresAt: expires, Details: details,
			Delivery: directory.DeliveryStatus{State: directory.DeliverySent},
		}
	}
	wanted := func(inv directory.Invitation, edit ...func(*Facts)) Facts {
		f := Facts{Now: issued.Add(time.Hour), Wanted: true, Mail: true, Asked: 1, Details: details, Invitation: inv}
		for _, e := range edit {
			e(&f)
		}
		return f
	}
	active := func(f *Facts) { f.Active = true }
	unwanted := func(f *Facts) { f.Wanted = false }
	again := func(f *Facts) { f.Asked = 2 }
	byHand := func(f *Facts) { f.Request = "monday" }
	kept := func(f *Facts) { f.Kept = true }
	moving := func(f *Facts) { f.Active, f.Moving = false, true }
	purpose := func(p directory.InvitationPurpose) func(*Facts) {
		return func(f *Facts) { f.Invitation.Purpose = p }
	}
	confirm := purpose(directory.PurposeConfirm)
	after := func(d time.Duration) func(*Facts) {
		return func(f *Facts) { f.Now, f.RemindAfter = issued.Add(d), []time.Duration{2 * day, 4 * day, 9 * day} }
	}
	reminded := func(r directory.Reminders) func(*Facts) { return func(f *Facts) { f.Invitation.Reminders = r } }
	awaits := func(act Act, number int, until time.Time) Decision {
		return Decision{Act: act, Reminder: number, Standing: StandingAwaiting, Until: until}
	}

	for name, test := range map[string]struct {
		reason string
		facts  Facts
		want   Decision
	}{
		"first": {
			"nobody was invited yet", wanted(directory.Invitation{}),
			Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited},
		},
		"pending": {
			"only time or the person change anything", wanted(in(directory.InvitationPending)),
			Decision{Act: ActNothing, Standing: StandingAwaiting, Until: expires},
		},
		"role changed while pending": {
			"the page tells the new role (HR5a)",
			wanted(in(directory.InvitationPending), func(f *Facts) { f.Details.Roles = []string{"Manager"} }),
			Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingAwaiting, Until: expires},
		},
		"mail turned on while pending": {
			"a link was published, now a mail is wanted too",
			wanted(in(directory.InvitationPending), func(f *Facts) { f.Invitation.Delivery.State = "" }),
			Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingAwaiting, Until: expires},
		},
		"link only": {
			"without a mail there is no delivery to miss",
			wanted(in(directory.InvitationPending), func(f *Facts) { f.Mail, f.Invitation.Delivery.State = false, "" }),
			Decision{Act: ActNothing, Standing: StandingAwaiting, Until: expires},
		},
		"no longer wanted": {
			"what is pending is taken back", wanted(in(directory.InvitationPending), unwanted),
			Decision{Act: ActClose, Standing: StandingNotInvited},
		},
		"never wanted": {
			"nothing to take back", wanted(directory.Invitation{}, unwanted),
			Decision{Act: ActNothing, Standing: StandingNotInvited},
		},
		"accepted": {
			"the person is in", wanted(in(directory.InvitationAccepted), active),
			Decision{Act: ActNothing, Standing: StandingAccepted},
		},
		"accepted and asked again": {
			"somebody who is in needs no invitation", wanted(in(directory.InvitationAccepted), active, again),
			Decision{Act: ActNothing, Standing: StandingAccepted},
		},
		"accepted and unwanted": {
			"delivery None takes nobody out", wanted(in(directory.InvitationAccepted), active, unwanted),
			Decision{Act: ActNothing, Standing: StandingAccepted},
		},
		"adopted": {
			"the person was in before us", wanted(directory.Invitation{}, active),
			Decision{Act: ActNothing, Standing: StandingAdopted},
		},
		"adopted while pending": {
			"an administrator let them in by other means", wanted(in(directory.InvitationPending), active),
			Decision{Act: ActClose, Standing: StandingAdopted},
		},
		"gone":                    {"accepted, then removed behind our back", wanted(in(directory.InvitationAccepted)), Decision{Act: ActNothing, Standing: StandingGone}},
		"declined":                {"a no stays a no", wanted(in(directory.InvitationDeclined)), Decision{Act: ActNothing, Standing: StandingDeclined}},
		"expired":                 {"time ran out", wanted(in(directory.InvitationExpired)), Decision{Act: ActNothing, Standing: StandingExpired}},
		"revoked":                 {"taken back", wanted(in(directory.InvitationRevoked)), Decision{Act: ActNothing, Standing: StandingRevoked}},
		"pending, asked again":    {"a re-send", wanted(in(directory.InvitationPending), again), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"declined, asked again":   {"re-invited", wanted(in(directory.InvitationDeclined), again), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"expired, asked again":    {"re-invited", wanted(in(directory.InvitationExpired), again), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"revoked, asked again":    {"re-invited", wanted(in(directory.InvitationRevoked), again), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"gone, asked again":       {"re-invited", wanted(in(directory.InvitationAccepted), again), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"asked by hand":           {"a re-send without a revision", wanted(in(directory.InvitationPending), byHand), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"declined, asked by hand": {"re-invited", wanted(in(directory.InvitationDeclined), byHand), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"asked by hand before":    {"answered already", wanted(in(directory.InvitationPending), byHand, func(f *Facts) { f.Invitation.Request = "monday" }), awaits(ActNothing, 0, expires)},
		"mail turned off while pending": {
			"what is queued is taken back",
			wanted(in(directory.InvitationPending), func(f *Facts) { f.Mail, f.Invitation.Delivery.State = false, directory.DeliveryQueued }),
			Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingAwaiting, Until: expires},
		},

		"before the first reminder":      {"it is waited for", wanted(in(directory.InvitationPending), after(day)), awaits(ActNothing, 0, issued.Add(2*day))},
		"at the first reminder":          {"it is due", wanted(in(directory.InvitationPending), after(2*day)), awaits(ActRemind, 1, issued.Add(4*day))},
		"the first reminder on its way":  {"one at a time", wanted(in(directory.InvitationPending), after(4*day), reminded(directory.Reminders{Last: 1, Open: true})), awaits(ActNothing, 0, expires)},
		"after the first reminder":       {"the next is waited for", wanted(in(directory.InvitationPending), after(3*day), reminded(directory.Reminders{Last: 1, Sent: 1})), awaits(ActNothing, 0, issued.Add(4*day))},
		"two due at once":                {"one mail stands for both", wanted(in(directory.InvitationPending), after(5*day)), awaits(ActRemind, 2, expires)},
		"all reminders sent":             {"the third would come after the end", wanted(in(directory.InvitationPending), after(6*day), reminded(directory.Reminders{Last: 2, Sent: 2})), awaits(ActNothing, 0, expires)},
		"the clock was set back":         {"what was sent stays sent", wanted(in(directory.InvitationPending), after(day), reminded(directory.Reminders{Last: 1, Sent: 1})), awaits(ActNothing, 0, issued.Add(2*day))},
		"no reminder of a mail not sent": {"nobody has it", wanted(in(directory.InvitationPending), after(5*day), func(f *Facts) { f.Invitation.Delivery.State = directory.DeliveryUnknown }), awaits(ActNothing, 0, expires)},
		"no reminder of a link":          {"there is no mail", wanted(in(directory.InvitationPending), after(5*day), func(f *Facts) { f.Mail, f.Invitation.Delivery.State = false, "" }), awaits(ActNothing, 0, expires)},
		"no reminder after an answer":    {"no is an answer", wanted(in(directory.InvitationDeclined), after(5*day)), Decision{Act: ActNothing, Standing: StandingDeclined}},

		"kept out while pending":   {"the link must not work", wanted(in(directory.InvitationPending), kept), Decision{Act: ActClose, Standing: StandingKept}},
		"kept out after accepting": {"and comes back without a mail", wanted(in(directory.InvitationAccepted), kept), Decision{Act: ActNothing, Standing: StandingKept}},
		"kept out, never invited":  {"nobody is invited to nothing", wanted(directory.Invitation{}, kept), Decision{Act: ActNothing, Standing: StandingKept}},
		"let in again":             {"who never was in is invited", wanted(directory.Invitation{}), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},

		"joined by a link":               {"told apart from an invitation", wanted(in(directory.InvitationAccepted), active, purpose(directory.PurposeJoinByLink)), Decision{Act: ActNothing, Standing: StandingJoined}},
		"approved after a link":          {"the address is confirmed, the invitation follows", wanted(in(directory.InvitationAccepted), purpose(directory.PurposeJoinByLink)), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"declared while asking to join":  {"the declaration's own invitation", wanted(in(directory.InvitationPending), purpose(directory.PurposeJoinByLink)), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
		"in, with a changed address":     {"asked to confirm it", wanted(directory.Invitation{}, moving), Decision{Act: ActInvite, Purpose: directory.PurposeConfirm, Standing: StandingConfirming}},
		"in, invited there before":       {"another purpose is another mail", wanted(in(directory.InvitationRevoked), moving), Decision{Act: ActInvite, Purpose: directory.PurposeConfirm, Standing: StandingConfirming}},
		"changed address unanswered":     {"waits", wanted(in(directory.InvitationPending), moving, confirm), Decision{Act: ActNothing, Standing: StandingConfirming, Until: expires}},
		"changed address confirmed":      {"now it is changed", wanted(in(directory.InvitationAccepted), moving, confirm), Decision{Act: ActMove, Standing: StandingConfirming}},
		"changed address expired":        {"the old one stays", wanted(in(directory.InvitationExpired), moving, confirm), Decision{Act: ActNothing, Standing: StandingUnconfirmed}},
		"changed address declined":       {"the old one stays", wanted(in(directory.InvitationDeclined), moving, confirm), Decision{Act: ActNothing, Standing: StandingUnconfirmed}},
		"changed address asked again":    {"a re-send", wanted(in(directory.InvitationExpired), moving, confirm, again), Decision{Act: ActInvite, Purpose: directory.PurposeConfirm, Standing: StandingConfirming}},
		"changed address, no invitation": {"there is no way to ask", wanted(directory.Invitation{}, moving, unwanted), Decision{Act: ActMove, Standing: StandingConfirming}},
		"changed address, moved":         {"done", wanted(in(directory.InvitationAccepted), active, confirm), Decision{Act: ActNothing, Standing: StandingAccepted}},
		"changed back":                   {"no confirmation lets anybody join", wanted(in(directory.InvitationPending), confirm), Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Decide(test.facts)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

// Whatever the facts, doing what was decided leads to facts that ask for nothing.
func TestBY2_DecisionsComeToRest(t *testing.T) {
	issued := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	states := []directory.InvitationState{
		"", directory.InvitationPending, directory.InvitationAccepted, directory.InvitationDeclined,
		directory.InvitationExpired, directory.InvitationRevoked,
	}
	flags := func(n int) Facts {
		return Facts{
			Now: issued.Add(3 * day), RemindAfter: []time.Duration{2 * day}, Asked: 1,
			Wanted: n&1 != 0, Mail: n&2 != 0, Kept: n&4 != 0, Active: n&8 != 0 && n&16 == 0, Moving: n&16 != 0,
		}
	}
	for _, state := range states {
		for _, p := range []directory.InvitationPurpose{directory.PurposeJoin, directory.PurposeConfirm, directory.PurposeJoinByLink} {
			for n := range 32 {
				f := flags(n)
				if state != "" {
					f.Invitation = directory.Invitation{ID: "a", Asked: 1, Purpose: p, State: state, CreatedAt: issued, ExpiresAt: issued.Add(7 * day)}
					f.Invitation.Delivery.State = directory.DeliverySent
				}
				var acts []Act
				for range 5 {
					d := Decide(f)
					if d.Act == ActNothing {
						break
					}
					acts = append(acts, d.Act)
					f = done(f, d)
				}
				if len(acts) > 2 {
					t.Errorf("%s %s %+v: does not come to rest: %v", state, p, flags(n), acts)
				}
			}
		}
	}
}

// done is what the ledger and the backend make of a decision.
func done(f Facts, d Decision) Facts {
	switch d.Act {
	case ActInvite:
		f.Invitation = directory.Invitation{
			ID: "b", Asked: f.Asked, Request: f.Request, Purpose: d.Purpose, State: directory.InvitationPending,
			CreatedAt: f.Now, ExpiresAt: f.Now.Add(7 * day), Details: f.Details,
		}
		if f.Mail {
			f.Invitation.Delivery.State = directory.DeliveryQueued
		}
	case ActRemind:
		f.Invitation.Reminders = directory.Reminders{Last: d.Reminder, Open: true}
	case ActMove:
		f.Moving, f.Active = false, true
	case ActClose:
		f.Invitation = directory.Invitation{}
	case ActNothing:
	}
	return f
}
