package invite

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestBY2_Decide(t *testing.T) {
	expires := time.Date(2026, 1, 8, 0, 0, 0, 0, time.UTC)
	details := directory.InvitationDetails{OrganizationName: "Sunrise", Roles: []string{"Clinician"}}
	in := func(state directory.InvitationState) directory.Invitation {
		return directory.Invitation{
			ID: "a", Asked: 1, State: state, ExpiresAt: expires, Details: details,
			Delivery: directory.DeliveryStatus{State: directory.DeliverySent},
		}
	}
	wanted := func(inv directory.Invitation, edit ...func(*Facts)) Facts {
		f := Facts{Wanted: true, Mail: true, Asked: 1, Details: details, Invitation: inv}
		for _, e := range edit {
			e(&f)
		}
		return f
	}
	active := func(f *Facts) { f.Active = true }
	unwanted := func(f *Facts) { f.Wanted = false }
	again := func(f *Facts) { f.Asked = 2 }

	for name, test := range map[string]struct {
		reason string
		facts  Facts
		want   Decision
	}{
		"first": {
			"nobody was invited yet", wanted(directory.Invitation{}),
			Decision{Act: ActInvite, Standing: StandingNotInvited},
		},
		"pending": {
			"only time or the person change anything", wanted(in(directory.InvitationPending)),
			Decision{Act: ActNothing, Standing: StandingAwaiting, Until: expires},
		},
		"role changed while pending": {
			"the page tells the new role (HR5a)",
			wanted(in(directory.InvitationPending), func(f *Facts) { f.Details.Roles = []string{"Manager"} }),
			Decision{Act: ActInvite, Standing: StandingAwaiting, Until: expires},
		},
		"mail turned on while pending": {
			"a link was published, now a mail is wanted too",
			wanted(in(directory.InvitationPending), func(f *Facts) { f.Invitation.Delivery.State = "" }),
			Decision{Act: ActInvite, Standing: StandingAwaiting, Until: expires},
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
		"gone":                  {"accepted, then removed behind our back", wanted(in(directory.InvitationAccepted)), Decision{Act: ActNothing, Standing: StandingGone}},
		"declined":              {"a no stays a no", wanted(in(directory.InvitationDeclined)), Decision{Act: ActNothing, Standing: StandingDeclined}},
		"expired":               {"time ran out", wanted(in(directory.InvitationExpired)), Decision{Act: ActNothing, Standing: StandingExpired}},
		"revoked":               {"taken back", wanted(in(directory.InvitationRevoked)), Decision{Act: ActNothing, Standing: StandingRevoked}},
		"pending, asked again":  {"a re-send", wanted(in(directory.InvitationPending), again), Decision{Act: ActInvite, Standing: StandingNotInvited}},
		"declined, asked again": {"re-invited", wanted(in(directory.InvitationDeclined), again), Decision{Act: ActInvite, Standing: StandingNotInvited}},
		"expired, asked again":  {"re-invited", wanted(in(directory.InvitationExpired), again), Decision{Act: ActInvite, Standing: StandingNotInvited}},
		"revoked, asked again":  {"re-invited", wanted(in(directory.InvitationRevoked), again), Decision{Act: ActInvite, Standing: StandingNotInvited}},
		"gone, asked again":     {"re-invited", wanted(in(directory.InvitationAccepted), again), Decision{Act: ActInvite, Standing: StandingNotInvited}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Decide(test.facts)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}
