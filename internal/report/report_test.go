package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/report"
)

func at(minute int) time.Time { return time.Date(2026, 1, 5, 9, minute, 0, 0, time.UTC) }

func ada() directory.ObservedMember {
	return directory.ObservedMember{
		Member: directory.Member{
			Organization: "team/clinic", Address: "ada@example.com", State: directory.MemberActive,
			Profile: directory.Profile{
				DisplayName: "Ada \r\n<b>\u202e𝔸", GivenName: "Ada", FamilyName: "L", Title: "Dr", Phone: "+14155550123", Locale: "en",
				Attributes: map[string]string{"team": "red"},
			},
		},
		ID: "m-1", ConfirmedName: "Ada L.", JoinedAt: at(3),
		Access: directory.Access{Grants: []directory.Grant{{Role: "lead", Unit: "north"}, {Role: "clinician"}}, Units: []string{"north"}},
	}
}

func held() *directory.Holding {
	return &directory.Holding{Organization: "team/clinic", Address: "ada@example.com", Holder: "ada", Origin: directory.HoldingAdopted, Applied: "f00d"}
}

func pending() directory.Invitation {
	return directory.Invitation{
		ID: "bob@example.com", Organization: "team/clinic", Address: "bob@example.com", Revision: 2, Asked: 1, Request: "again", Purpose: directory.PurposeJoin, State: directory.InvitationPending, CreatedAt: at(1), ExpiresAt: at(50),
		Delivery: directory.DeliveryStatus{State: directory.DeliverySent},
	}
}

func sample() report.Report {
	return report.Report{
		RequestedAt: "2026-01-05T09:00:00Z", Complete: true, RemovalsDone: 3, InvitationsDone: 4,
		Members:     []report.Member{report.MemberOf(ada(), held()), {ID: "m-2", Address: "bob@example.com", State: directory.MemberInvited}},
		Invitations: []report.Invitation{report.InvitationOf(pending())},
		Audit:       []report.AuditEntry{{ID: "2", At: at(2), Actor: "outbox", Action: "Sent", Address: "bob@example.com", Revision: 2}, {ID: "1", At: at(1), Actor: "manager", Action: "Issued"}},
	}
}

// What the manager writes is what the plug-in reads.
func TestRoundTrip(t *testing.T) {
	for name, want := range map[string]report.Report{
		"empty": {RequestedAt: "x", Members: []report.Member{}, Invitations: []report.Invitation{}, Audit: []report.AuditEntry{}},
		"full":  sample(),
	} {
		t.Run(name, func(t *testing.T) {
			data, err := report.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := report.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMemberOf(t *testing.T) {
	if diff := cmp.Diff(ada(), report.MemberOf(ada(), nil).Observed("team/clinic")); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
}

// What a plan needs comes back in the domain's words.
func TestDomain(t *testing.T) {
	r := sample()
	if diff := cmp.Diff([]directory.Holding{*held()}, r.Holdings("team/clinic")); diff != "" {
		t.Errorf("holdings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]directory.Invitation{pending()}, r.Newest("team/clinic")); diff != "" {
		t.Errorf("invitations (-want +got):\n%s", diff)
	}
	if got := r.Observed("team/clinic"); len(got) != 2 || got[0].Address != "ada@example.com" {
		t.Errorf("observed %v", got)
	}
}

// An order that means nothing does not show.
func TestEncode_Deterministic(t *testing.T) {
	one, other := sample(), sample()
	slices.Reverse(other.Members)
	slices.Reverse(other.Audit)
	a, err := report.Encode(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := report.Encode(other)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the order of members shows:\n%s", diff)
	}
	other.Members[0], other.Members[1] = other.Members[1], other.Members[0]
	if other.Members[0].Address != "ada@example.com" {
		t.Error("Encode sorted what it was given in place")
	}
}

// random is what does not pack.
func random(source *rand.Rand) string {
	raw := make([]byte, 400)
	for i := range raw {
		raw[i] = byte(source.Uint32())
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func TestEncode_LeavesOutTheOldestAuditEntries(t *testing.T) {
	r, source := sample(), rand.New(rand.NewPCG(1, 2))
	r.Audit = nil
	const many = 5_000
	for i := range many {
		r.Audit = append(r.Audit, report.AuditEntry{ID: fmt.Sprintf("%08d", i), At: at(1), Note: random(source)})
	}
	data, err := report.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for value := range maps.Values(data) {
		total += len(value)
	}
	if total > 1<<20 {
		t.Errorf("%d bytes do not fit into a Secret", total)
	}
	got, err := report.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !got.AuditTruncated || len(got.Members) != 2 {
		t.Errorf("truncated %t with %d members, want it told and everybody there", got.AuditTruncated, len(got.Members))
	}
	if n := len(got.Audit); n < many/10 || n >= many || got.Audit[0].ID != fmt.Sprintf("%08d", many-1) {
		t.Errorf("%d entries from %s on, want a good part of the newest", n, got.Audit[0].ID)
	}
}

func TestEncode_RefusesWhatDoesNotFit(t *testing.T) {
	r, source := report.Report{}, rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		r.Members = append(r.Members, report.Member{ID: random(source), Address: random(source)})
	}
	if _, err := report.Encode(r); !errors.Is(err, report.ErrTooLarge) {
		t.Errorf("error %v, want that it is too large: nobody may be missing", err)
	}
}

// Ten thousand people are the everyday size, with all that is random about them.
func TestEncode_TenThousandFit(t *testing.T) {
	var r report.Report
	source := rand.New(rand.NewPCG(1, 2))
	moment := func() time.Time { return time.UnixMicro(1_700_000_000_000_000 + source.Int64N(1<<45)).UTC() }
	for i := range 10_000 {
		email := fmt.Sprintf("person.%04x%d@example.com", source.Uint32(), i)
		member := directory.ObservedMember{
			Member: directory.Member{Address: email, State: directory.MemberActive, Profile: directory.Profile{DisplayName: fmt.Sprintf("Person %x", source.Uint32())}},
			ID:     fmt.Sprintf("%016x", source.Uint64()), JoinedAt: moment(),
			Access: directory.Access{Grants: []directory.Grant{{Role: "clinician"}}, Units: []string{"north"}},
		}
		r.Members = append(r.Members, report.MemberOf(member, &directory.Holding{
			Holder: fmt.Sprintf("person-%010x", source.Uint64()>>24), Origin: directory.HoldingCreated, Applied: fmt.Sprintf("%016x%016x", source.Uint64(), source.Uint64()),
		}))
		r.Invitations = append(r.Invitations, report.InvitationOf(directory.Invitation{
			ID: fmt.Sprintf("%016x%016x", source.Uint64(), source.Uint64()), Address: email, Revision: 1, Asked: 1,
			State: directory.InvitationAccepted, Purpose: directory.PurposeJoin, CreatedAt: moment(), ExpiresAt: moment(), EndedAt: moment(),
		}))
	}
	data, err := report.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("members take %d bytes, invitations %d", len(data[report.KeyMembers]), len(data[report.KeyInvitations]))
}

func TestDecode_Refuses(t *testing.T) {
	whole := func() map[string][]byte {
		data, err := report.Encode(sample())
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, test := range map[string]struct {
		reason string
		change func(map[string][]byte)
	}{
		"no summary":       {"another Secret", func(d map[string][]byte) { delete(d, report.KeySummary) }},
		"no members":       {"nobody's absence may follow", func(d map[string][]byte) { delete(d, report.KeyMembers) }},
		"cut":              {"half of it", func(d map[string][]byte) { d[report.KeyMembers] = d[report.KeyMembers][:20] }},
		"fewer members":    {"not what the summary says", func(d map[string][]byte) { d[report.KeyMembers] = zipped(t, "[]") }},
		"not JSON":         {"other data", func(d map[string][]byte) { d[report.KeyAudit] = zipped(t, "{") }},
		"JSON of another":  {"other data", func(d map[string][]byte) { d[report.KeyInvitations] = zipped(t, `{"a":"ada@example.com"}`) }},
		"a bomb":           {"bounded", func(d map[string][]byte) { d[report.KeyMembers] = bomb(t) }},
		"summary not JSON": {"other data", func(d map[string][]byte) { d[report.KeySummary] = []byte("?") }},
	} {
		t.Run(name, func(t *testing.T) {
			data := whole()
			test.change(data)
			got, err := report.Decode(data)
			if !errors.Is(err, report.ErrIncomplete) {
				t.Errorf("%s: error %v, want that it is not whole", test.reason, err)
			}
			if err != nil && strings.Contains(err.Error(), "ada@") {
				t.Errorf("%v tells an address", err)
			}
			if len(got.Members) != 0 {
				t.Errorf("%d members beside an error", len(got.Members))
			}
		})
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err := zip.Write([]byte(text))
	if err := errors.Join(err, zip.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func bomb(t *testing.T) []byte {
	t.Helper()
	return zipped(t, string(bytes.Repeat([]byte(" "), 33<<20)))
}

func FuzzDecode(f *testing.F) {
	data, err := report.Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[report.KeySummary], data[report.KeyMembers], data[report.KeyInvitations])
	f.Fuzz(func(t *testing.T, about, members, invitations []byte) {
		r, err := report.Decode(map[string][]byte{
			report.KeySummary: about, report.KeyMembers: members, report.KeyInvitations: invitations, report.KeyAudit: data[report.KeyAudit],
		})
		if err != nil {
			return
		}
		again, err := report.Encode(r)
		if err != nil {
			return
		}
		if _, err := report.Decode(again); err != nil {
			t.Fatalf("read, written, and not read again: %v", err)
		}
	})
}
