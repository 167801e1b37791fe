package mail

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// The mail that asks somebody to confirm the address repeats nothing that was
// entered with it: whoever has the link could say anything in our name.
func TestPromise_HE4_AConfirmationRepeatsNoName(t *testing.T) {
	d := testDelivery()
	d.Purpose = directory.PurposeJoinByLink
	d.Details.DisplayName = "Cheap pills at pills.example"
	m := render(t, d)
	if all := m.Subject + m.Text + m.HTML; strings.Contains(all, "pills") {
		t.Errorf("the mail repeats what was entered:\n%s", m.Text)
	}
	if m.Link != d.Link || !strings.Contains(m.Subject, "Confirm your address to join") {
		t.Errorf("subject %q, link as it is: %t", m.Subject, m.Link == d.Link)
	}
}
