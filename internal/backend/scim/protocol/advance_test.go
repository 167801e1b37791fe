package protocol

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestAListingHasALimit(t *testing.T) {
	r := ask{ListRequest: ListRequest{Kind: Users}}
	at := &cursor{Page: 9, Count: 100, Position: maxListed - 1, Seen: maxListed - 1, Total: -1}
	page, again := (&Client{}).advance(r, at, listing{values: []Value{Object(Field{Name: "id", Value: String("new")})}, total: -1})
	if again || page.Next != "" || page.Complete {
		t.Errorf("it goes on for ever: %+v", page)
	}
}

func TestSessionsAreForgottenInTurn(t *testing.T) {
	var s sessions
	first := s.keep(newSession())
	for range maxSessions - 1 {
		s.keep(newSession())
	}
	if _, ok := s.get(first); !ok {
		t.Fatal("the first is forgotten too early")
	}
	second := s.order[0]
	s.keep(newSession())
	if _, ok := s.get(first); !ok {
		t.Error("the one that was used last is forgotten")
	}
	if _, ok := s.get(second); ok || len(s.byID) != maxSessions || len(s.order) != maxSessions {
		t.Errorf("%d sessions are kept", len(s.byID))
	}
}

func TestASessionForgetsWhatALaterAttemptRepeats(t *testing.T) {
	s := newSession()
	for page, ids := range [][]uint64{{1, 2}, {3, 4}, {5}} {
		if !s.begin(page) {
			t.Errorf("page %d is not in turn", page)
		}
		for _, id := range ids {
			if !s.add(id, page) {
				t.Errorf("%d is not new", id)
			}
		}
	}
	if !s.begin(1) || !s.add(3, 1) || !s.add(5, 1) || s.add(2, 1) {
		t.Error("page 1 cannot be repeated")
	}
	if s.begin(3) {
		t.Error("page 2 was left out, and nobody noticed")
	}
}

func page(n int) answer {
	var resources []string
	for i := range n {
		resources = append(resources, fmt.Sprintf(`{"schemas":[%q,%q],"id":"2819c223-7f76-453a-919d-%012d","externalId":"ns/name-%d","userName":"user%d@example.com",
			"name":{"givenName":"Given","familyName":"Family","formatted":"Given Family"},"displayName":"Given Family","active":true,
			"emails":[{"value":"user%d@example.com","type":"work","primary":true}],"groups":[{"value":"g1","display":"One"},{"value":"g2","display":"Two"}],
			"meta":{"resourceType":"User","created":"2030-01-02T03:04:05Z","lastModified":"2030-01-02T03:04:05Z","version":"W/\"%d\"","location":"https://example.com/v2/Users/%d"},
			%q:{"employeeNumber":"%d","department":"Research"}}`, UserSchema, EnterpriseSchema, i, i, i, i, i, i, EnterpriseSchema, i))
	}
	body := fmt.Sprintf(`{"schemas":[%q],"totalResults":%d,"Resources":[%s]}`, listMessage, n, strings.Join(resources, ","))
	return answer{status: 200, header: http.Header{"Content-Type": {"application/scim+json"}}, body: []byte(body)}
}

// BenchmarkDecodePage reads a page as a resync does: decode, take in, look at
// three attributes of each.
func BenchmarkDecodePage(b *testing.B) {
	paths := []Path{MustPath("userName"), MustPath("emails.value"), MustPath(EnterpriseSchema + ":department")}
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%d users", n), func(b *testing.B) {
			a := page(n)
			c := &Client{}
			b.SetBytes(int64(len(a.body)))
			b.ReportAllocs()
			for b.Loop() {
				got, err := decodeListing("bench", a)
				if err != nil {
					b.Fatal(err)
				}
				at := &cursor{Count: n, Total: -1}
				page, _ := c.advance(ask{ListRequest: ListRequest{Kind: Users}}, at, got)
				for _, r := range page.Resources {
					for _, p := range paths {
						if r.Text(p) == "" {
							b.Fatal("nothing there")
						}
					}
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "users/s")
		})
	}
}
