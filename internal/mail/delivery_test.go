package mail

import (
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const testFrom = "invitations@rollcall.example.com"

var testDate = time.Date(2025, 11, 21, 14, 30, 0, 0, time.UTC)

// testDelivery is the mail of HD2: to an organization, a unit and roles.
func testDelivery() directory.Delivery {
	return directory.Delivery{
		ID:           "1",
		Organization: "clinics/sunrise",
		Mail:         directory.MailIdentity{ReplyTo: "office@sunrise.example"},
		Address:      "ada.lovelace@example.org",
		Details: directory.InvitationDetails{
			OrganizationName: "Sunrise Clinic",
			DisplayName:      "Ada Lovelace, BCBA",
			Roles:            []string{"Clinician", "Supervisor"},
			Units:            []string{"North Team"},
			Message:          "Welcome aboard, Ada!\n\nWe start on Monday at nine.",
			Locale:           "de-AT",
		},
		Link:      "https://rollcall.example.com/invitations/fQ0pZ3m9Zk8mJtq8c7t1b5f1yYy0u2p9R3v4w5x6y7z?a=1&b=2",
		ExpiresAt: testDate.Add(7 * 24 * time.Hour),
		MessageID: "3f2c9a.1@rollcall.example.com",
		Attempt:   1,
		Deadline:  testDate.Add(5 * time.Minute),
	}
}

// testDeliveries are n of them, each to somebody else, claimed until deadline.
func testDeliveries(prefix string, n int, deadline time.Time) []directory.Delivery {
	all := make([]directory.Delivery, n)
	for i := range all {
		d := testDelivery()
		d.ID = fmt.Sprintf("%s-%d", prefix, i)
		d.Address = d.ID + "@example.org"
		d.MessageID = d.ID + "@rollcall.example.com"
		d.Deadline, d.ExpiresAt = deadline, deadline.Add(time.Hour)
		all[i] = d
	}
	return all
}
