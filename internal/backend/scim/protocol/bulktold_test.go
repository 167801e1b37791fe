package protocol_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// refusedLine is what is told of an operation that is not implemented.
const refusedLine = `"status":"501","response":{` + errorSchema + `}`

// tellingAll answers requests in bulk with what tell returns for all operations.
func tellingAll(t *testing.T, tell func([]bulkOperation) []string) *provider {
	t.Helper()
	p := newProvider(t)
	p.config(bulkOf(100))
	p.on("POST /Bulk", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Operations []bulkOperation }
		_ = json.NewDecoder(r.Body).Decode(&body)
		respond(w, 200, `{"Operations":[`+strings.Join(tell(body.Operations), ",")+`]}`)
	})
	return p
}

// What is told belongs to the change whose bulkId or location it has, and to none
// when it has neither, or contradicts itself. The users are u1 to u3; u2 was refused.
func TestToWhomWhatIsToldBelongs(t *testing.T) {
	const unsaid = directory.KindUnavailable
	told := func(status string, rest string) string { return fmt.Sprintf(`{%s%s}`, status, rest) }
	of := func(o bulkOperation) string {
		if o.Path == "/Users/u2" {
			return refusedLine
		}
		return `"status":"204"`
	}
	each := func(all []bulkOperation, rest func(int, bulkOperation) string) []string {
		var lines []string
		for i, o := range all {
			lines = append(lines, told(of(o), rest(i, o)))
		}
		return lines
	}
	for reason, tt := range map[string]struct {
		tell func([]bulkOperation) []string
		want []directory.Kind
	}{
		"by bulkId, in another order": {func(all []bulkOperation) []string {
			slices.Reverse(all)
			return each(all, func(_ int, o bulkOperation) string { return fmt.Sprintf(`,"bulkId":%q`, o.BulkID) })
		}, []directory.Kind{"", directory.KindUnsupported, ""}},
		"by location, in another order": {func(all []bulkOperation) []string {
			slices.Reverse(all)
			return each(all, func(_ int, o bulkOperation) string {
				return fmt.Sprintf(`,"method":%q,"location":"https://elsewhere.example.com/scim%s"`, o.Method, o.Path)
			})
		}, []directory.Kind{"", directory.KindUnsupported, ""}},
		"by place": {func(all []bulkOperation) []string {
			return each(all, func(int, bulkOperation) string { return "" })
		}, []directory.Kind{unsaid, unsaid, unsaid}},
		"by place, with the location of another": {func([]bulkOperation) []string {
			return []string{`{"method":"DELETE","status":"204","location":"https://x.example.com/scim/Users/u3"}`, `{"method":"DELETE",` + refusedLine + `}`, `{"status":"204"}`}
		}, []directory.Kind{unsaid, unsaid, ""}},
		"numbered from nought": {func(all []bulkOperation) []string {
			return each(all, func(i int, _ bulkOperation) string { return fmt.Sprintf(`,"bulkId":"%d"`, i) })
		}, []directory.Kind{unsaid, unsaid, unsaid}},
		"numbered from one": {func(all []bulkOperation) []string {
			return each(all, func(i int, _ bulkOperation) string { return fmt.Sprintf(`,"bulkId":"%d"`, i+1) })
		}, []directory.Kind{unsaid, unsaid, unsaid}},
		"numbers": {func(all []bulkOperation) []string {
			return each(all, func(i int, _ bulkOperation) string { return fmt.Sprintf(`,"bulkId":%d`, i) })
		}, []directory.Kind{unsaid, unsaid, unsaid}},
		"another method": {func(all []bulkOperation) []string {
			return each(all, func(_ int, o bulkOperation) string { return fmt.Sprintf(`,"method":"POST","bulkId":%q`, o.BulkID) })
		}, []directory.Kind{unsaid, unsaid, unsaid}},
		"another location": {func(all []bulkOperation) []string {
			return each(all, func(_ int, o bulkOperation) string {
				return fmt.Sprintf(`,"bulkId":%q,"location":"https://x.example.com/scim/Users/u1"`, o.BulkID)
			})
		}, []directory.Kind{"", unsaid, unsaid}},
		"twice": {func(all []bulkOperation) []string {
			return append(each(all, func(_ int, o bulkOperation) string { return fmt.Sprintf(`,"bulkId":%q`, o.BulkID) }),
				fmt.Sprintf(`{"status":"204","bulkId":%q}`, all[1].BulkID))
		}, []directory.Kind{"", unsaid, ""}},
	} {
		p := tellingAll(t, tt.tell)
		c := p.client(narrow)
		w := holdUp(t, p, c)
		w.ask(deletions(c, 1, 3)...)
		if diff := cmp.Diff(tt.want, w.kinds()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
}

// Whoever is created is told by the bulkId only: another one who was created at the
// same time is never taken for them.
func TestWhoIsCreatedIsNoOther(t *testing.T) {
	for _, n := range []int{1, 2} {
		p := tellingAll(t, func(all []bulkOperation) []string {
			slices.Reverse(all)
			var lines []string
			for _, o := range all[:n] {
				lines = append(lines, fmt.Sprintf(`{"method":"POST","status":"201","location":"https://x/scim/Users/n","response":%s}`, strings.Replace(string(o.Data), "{", `{"id":"n",`, 1)))
			}
			return lines
		})
		c := p.client(narrow)
		w := holdUp(t, p, c)
		var a, b protocol.Resource
		w.ask(creating(t, c, "a@example.com", &a), creating(t, c, "b@example.com", &b))
		if diff := cmp.Diff([]directory.Kind{directory.KindUnavailable, directory.KindUnavailable}, w.kinds()); diff != "" {
			t.Errorf("%d were told: how they ended (-want +got):\n%s", n, diff)
		}
	}
}

// A response without anybody in it is none: whoever was created is read.
func TestAResponseInBulkThatIsEmpty(t *testing.T) {
	for _, response := range []string{`{}`, `null`, `""`, `{"schemas":[]}`} {
		n := 0
		p, _ := bulkProvider(t, bulkOf(100), func(o bulkOperation) string {
			n++
			return fmt.Sprintf(`{"method":"POST","bulkId":%q,"status":"201","location":"https://x/scim/Users/u%d","response":%s}`, o.BulkID, n, response)
		})
		for i := range 3 {
			p.answers(fmt.Sprintf("GET /Users/u%d", i), 200, userJSON(i))
		}
		c := p.client(narrow)
		w := holdUp(t, p, c)
		var a, b protocol.Resource
		w.ask(creating(t, c, "a@example.com", &a), creating(t, c, "b@example.com", &b))
		if diff := cmp.Diff([]directory.Kind{"", ""}, w.kinds()); diff != "" || a.ID() != "u1" || b.ID() != "u2" {
			t.Errorf("%s: created are %q and %q (-want +got):\n%s", response, a.ID(), b.ID(), diff)
		}
	}
}

// What is refused with an empty object is asked for alone, and says why.
func TestAReasonInBulkThatIsEmpty(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), func(o bulkOperation) string {
		return fmt.Sprintf(`{"bulkId":%q,"status":"409","response":{}}`, o.BulkID)
	})
	p.answers("POST /Users", 409, `{`+errorSchema+`,"scimType":"uniqueness"}`)
	c := p.client(narrow)
	w := holdUp(t, p, c)
	var a, b protocol.Resource
	w.ask(creating(t, c, "a", &a), creating(t, c, "b", &b))
	if diff := cmp.Diff([]directory.Kind{directory.KindExists, directory.KindExists}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
}
