package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestApplyOrganizationWritesDifferencesOnly(t *testing.T) {
	eachDatabase(t, func(w *world) {
		base := directory.Organization{
			ID: clinic, DisplayName: "Clinic", Mail: directory.MailIdentity{From: "a@b.example", ReplyTo: "c@b.example", Server: "team/smtp"},
			UnknownDelivery: directory.UnknownResendOnce,
		}
		observer := databasetest.Second(w.t, w.db)
		for reason, change := range map[string]func(*directory.Organization){
			"name":     func(o *directory.Organization) { o.DisplayName = "The Clinic" },
			"sender":   func(o *directory.Organization) { o.Mail.From = "" },
			"reply to": func(o *directory.Organization) { o.Mail.ReplyTo = "" },
			"server":   func(o *directory.Organization) { o.Mail.Server = "" },
			"policy":   func(o *directory.Organization) { o.UnknownDelivery = directory.UnknownHold },
		} {
			w.apply(base)
			before := w.fingerprint(observer)
			silent := base
			silent.UnknownDelivery = "" // means ResendOnce
			w.apply(silent)
			if diff := cmp.Diff(before, w.fingerprint(observer)); diff != "" {
				w.t.Errorf("%s: applying the same wrote: %s", reason, diff)
			}
			changed := base
			change(&changed)
			w.apply(changed)
			if before == w.fingerprint(observer) {
				w.t.Errorf("a changed %s was not written", reason)
			}
		}
	})
}

func TestApplyOrganizationRefusesWhatCanNeverBe(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t))
	for reason, o := range map[string]directory.Organization{
		"no id":            {},
		"unknown policy":   {ID: clinic, UnknownDelivery: "Shrug"},
		"header injection": {ID: clinic, Mail: directory.MailIdentity{From: "a@b.example\r\nBcc: c@d.example"}},
		"NUL in its name":  {ID: clinic, DisplayName: "a\x00b"},
		"endless name":     {ID: clinic, DisplayName: strings.Repeat("a", 10_000)},
	} {
		t.Run(reason, func(t *testing.T) {
			wantKind(t, "apply", w.ApplyOrganization(t.Context(), o), directory.KindInvalid)
		})
	}
}

func TestRemoveOrganizationEndsAllThatIsInIt(t *testing.T) {
	eachDatabase(t, func(w *world) {
		const people = 620 // more than one transaction's worth
		together(people, func(i int) {
			if _, err := w.Invite(w.t.Context(), request(fmt.Sprintf("person-%d@example.com", i), 1)); err != nil {
				w.t.Error(err)
			}
		})
		w.invite(ada, 1)
		w.mustRedeem(ada)
		w.apply(directory.Organization{ID: "team/other", DisplayName: "Other"})
		other := request(ada, 1)
		other.Organization = "team/other"
		if _, err := w.Invite(w.t.Context(), other); err != nil {
			w.t.Fatal(err)
		}
		token := w.token("person-0@example.com")
		for range 2 {
			if err := w.RemoveOrganization(w.t.Context(), clinic); err != nil {
				w.t.Fatal(err)
			}
		}
		_, err := w.redeem(token)
		wantKind(w.t, "redeem", err, directory.KindNotFound)
		_, err = w.Invitation(w.t.Context(), clinic, ada)
		wantKind(w.t, "observe", err, directory.KindNotFound)
		_, err = w.Invite(w.t.Context(), request("eve@example.com", 1))
		wantKind(w.t, "invite", err, directory.KindNotFound)
		if d := w.claimOne(w.Ledger); d.Organization != "team/other" {
			w.t.Errorf("claimed a mail of %s", d.Organization)
		}
		if n := w.count("SELECT COUNT(*) FROM invitations WHERE state = 'Revoked' AND closed = 1"); n != people {
			w.t.Errorf("%d are revoked; want %d", n, people)
		}
		w.later()
		w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic"})
		if i := w.invite(ada, 1); i.Revision != 2 {
			w.t.Errorf("in the organization that came again, %s has invitation %d; want a new one, the second", ada, i.Revision)
		}
	})
}
