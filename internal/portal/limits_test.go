package portal

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func only(change func(*Limits)) func(*Options) {
	return func(o *Options) { change(&o.Limits) }
}

func (a answer) isTooMany(t *testing.T, retryAfter int) {
	t.Helper()
	a.wants(t, http.StatusTooManyRequests, "That was a lot at once")
	if got := a.header.Get("Retry-After"); got != strconv.Itoa(retryAfter) {
		t.Errorf("Retry-After %q, want %d", got, retryAfter)
	}
}

func TestPromise_RequestsOfAClientAreLimited(t *testing.T) {
	w := newWorld()
	v := w.visitor(t, only(func(l *Limits) { l.Requests = Limit{Every: 10 * time.Second, Burst: 2} }))
	v.get("/").wants(t, http.StatusOK)
	v.get("/nothing").wants(t, http.StatusNotFound)
	v.get("/").isTooMany(t, 10)

	r := newRequest(t, http.MethodGet, "/", nil)
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	v.send(r).isTooMany(t, 10)

	v.from = "192.0.2.2:1"
	v.get("/").wants(t, http.StatusOK)
	v.from = "192.0.2.1:2"
	w.clock.Step(9500 * time.Millisecond)
	v.get("/").isTooMany(t, 1)
	w.clock.Step(500 * time.Millisecond)
	v.get("/").wants(t, http.StatusOK)
}

func TestPromise_ClientsBehindATrustedProxyAreLimitedOneByOne(t *testing.T) {
	v := newWorld().visitor(t, only(func(l *Limits) { l.Requests = Limit{Every: time.Hour, Burst: 1} }))
	v.from = "10.0.0.1:1"
	for client, status := range map[string]int{"198.51.100.1": http.StatusOK, "198.51.100.2": http.StatusOK, "spoof, 198.51.100.3": http.StatusOK} {
		r := newRequest(t, http.MethodGet, "/", nil)
		r.Header.Set("X-Forwarded-For", client)
		v.send(r).wants(t, status)
	}
	r := newRequest(t, http.MethodGet, "/", nil)
	r.Header.Set("X-Forwarded-For", "another spoof, 198.51.100.3")
	v.send(r).isTooMany(t, 3600)
}

func TestPromise_AttemptsOnAnInvitationAreLimitedWhoeverMakesThem(t *testing.T) {
	w := newWorld()
	v := w.visitor(t, only(func(l *Limits) { l.Invitation = Limit{Every: time.Minute, Burst: 3} }))
	token, other := w.invite(), w.invite()
	for i := range 3 {
		v.from = fmt.Sprintf("192.0.2.%d:1", i)
		v.post("/i/"+token, "name", adaName, "password", "short").wants(t, http.StatusUnprocessableEntity)
	}
	v.from = "192.0.2.99:1"
	v.post("/i/"+token, "name", adaName, "password", goodPass).isTooMany(t, 60)
	v.get("/i/"+token+"/decline").isTooMany(t, 60)
	if got := w.state(token); got != directory.InvitationPending {
		t.Errorf("invitation is %s", got)
	}
	v.get("/i/"+other).wants(t, http.StatusOK)
	w.clock.Step(time.Minute)
	v.post("/i/"+token, "name", adaName, "password", goodPass).leadsTo(t, "/welcome")
}

func TestPromise_FormsOfAClientAreLimited(t *testing.T) {
	w := newWorld()
	v := w.visitor(t, only(func(l *Limits) { l.Submissions = Limit{Every: time.Minute, Burst: 1} }))
	token := w.invite()
	v.post("/signout").leadsTo(t, "/")
	v.post("/i/"+token, "name", adaName, "password", goodPass).isTooMany(t, 60)
	v.get("/i/"+token).wants(t, http.StatusOK)
}

func TestPromise_SignInAttemptsOnAnAddressAreLimitedWhetherItIsKnownOrNot(t *testing.T) {
	for _, address := range []string{adaMail, "nobody@example.org"} {
		w := newWorld()
		w.member(t)
		v := w.visitor(t, only(func(l *Limits) { l.SignIn = Limit{Every: time.Minute, Burst: 2} }))
		for i, spelling := range []string{address, " " + strings.ToUpper(address) + " "} {
			v.from = fmt.Sprintf("192.0.2.%d:1", i)
			v.post(signInPath(clinic), "address", spelling, "password", "a wrong password").wants(t, http.StatusUnprocessableEntity)
		}
		v.from = "192.0.2.99:1"
		v.post(signInPath(clinic), "address", address, "password", goodPass).isTooMany(t, 60)
		v.post("/o/clinics/southwind/signin", "address", address, "password", goodPass).wants(t, http.StatusUnprocessableEntity)
	}
}

func TestPromise_LimitsHoldInBoundedMemory(t *testing.T) {
	clock := testingclock.NewFakeClock(now())
	limiter := newKeyedLimiter[int](Limit{Every: time.Hour, Burst: 1}, 100, clock)
	limiter.take(-1)
	for key := range 10_000 {
		limiter.take(key)
		if limiter.take(-1) == 0 {
			t.Fatalf("whoever keeps asking was forgotten after %d others", key)
		}
		if held := len(limiter.young) + len(limiter.old); held > 100 {
			t.Fatalf("%d keys held, want 100 at most", held)
		}
	}
	if limiter.take(0) != 0 {
		t.Error("a key that was quiet for long is still remembered")
	}
}

func TestRefusedAttemptsCostNothing(t *testing.T) {
	clock := testingclock.NewFakeClock(now())
	limiter := newKeyedLimiter[string](Limit{Every: time.Minute, Burst: 1}, 10, clock)
	limiter.take("key")
	for range 100 {
		if wait := limiter.take("key"); wait != time.Minute {
			t.Fatalf("wait %s, want 1m: being refused must not make it longer", wait)
		}
	}
}
