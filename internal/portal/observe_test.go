package portal

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// journal keeps what is logged, at every level.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) logger() logr.Logger {
	return funcr.New(func(_, line string) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.lines = append(j.lines, line)
	}, funcr.Options{Verbosity: 10})
}

func (j *journal) all() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

func TestPromise_NoSecretReachesALogOrAMetric(t *testing.T) {
	w := newWorld()
	registry := prometheus.NewRegistry()
	var seen journal
	v := w.visitor(t, func(o *Options) { o.Log, o.Registerer = seen.logger(), registry })
	token := w.invite()
	v.get("/i/" + token + "?utm=" + token)
	v.get("/i/" + token + "/" + token)
	v.get("/" + token)
	v.post("/i/"+token, "name", adaName, "password", "wrong-horse")
	v.post("/i/"+token, "name", adaName, "password", goodPass)
	session := v.cookies[cookieName]
	v.get("/welcome")
	v.post(signInPath(clinic), "address", adaMail, "password", goodPass)
	w.failWith(directory.Errorf(directory.KindUnavailable, "find session", "no database"))
	v.get("/welcome")
	v.get("/i/" + token)

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	everything := seen.all()
	for _, family := range families {
		everything += family.String()
	}
	for _, secret := range []string{token, session, goodPass, "wrong-horse", adaMail, adaName, "Northwind", "people.example.com"} {
		if strings.Contains(everything, secret) {
			t.Errorf("%q reached a log or a metric", secret)
		}
	}
	for _, want := range []string{`"route"="GET /i/{token}"`, `"route"="POST /i/{token}"`, `"status"=503`, `"kind"="Unavailable"`, `"client"="192.0.2.1/32"`} {
		if !strings.Contains(everything, want) {
			t.Errorf("the log lacks %s:\n%s", want, seen.all())
		}
	}
}

func TestRequestsAreCountedByRouteAndStatus(t *testing.T) {
	w := newWorld()
	registry := prometheus.NewRegistry()
	v := w.visitor(t, func(o *Options) { o.Registerer = registry })
	token := w.invite()
	v.get("/i/" + token)
	v.get("/i/unknown")
	v.get("/i/other")
	v.post("/i/" + token)
	v.send(newRequest(t, http.MethodPut, "/i/"+token, nil))
	v.get("/wp-login.php")
	v.get("/.env")

	want := map[string]float64{
		"GET /i/{token} 200": 1, "GET /i/{token} 404": 2, "POST /i/{token} 422": 1, "/i/{token} 405": 1, "unmatched 404": 2,
	}
	if diff := cmp.Diff(want, counted(t, registry)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func counted(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if metric.GetCounter() == nil {
				continue
			}
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			counts[labels["route"]+" "+labels["status"]] = metric.GetCounter().GetValue()
		}
	}
	return counts
}

// panicking throws whatever it is told to.
type panicking struct {
	*world
	thrown error
}

func (p panicking) Lookup(context.Context, string) (directory.Invitation, error) { panic(p.thrown) }

// outOfRange makes the runtime throw.
type outOfRange struct{ *world }

func (o outOfRange) Lookup(_ context.Context, token string) (directory.Invitation, error) {
	_ = []string{}[len(token)]
	return directory.Invitation{}, nil
}

func TestPanicBecomesAPageAndALineWithoutSecrets(t *testing.T) {
	w := newWorld()
	token := w.invite()
	cases := map[string]struct {
		invitations Invitations
		logged      string
	}{
		"ours":    {panicking{w, errors.New("broken with " + token)}, "panic with a *errors.errorString"},
		"runtime": {outOfRange{w}, "index out of range"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var seen journal
			v := w.visitor(t, func(o *Options) { o.Invitations, o.Log = c.invitations, seen.logger() })
			got := v.get("/i/" + token)
			got.wants(t, http.StatusInternalServerError, "went wrong on our side")
			got.lacks(t, "panic", "goroutine", token)
			if log := seen.all(); !strings.Contains(log, c.logged) || strings.Contains(log, token) || !strings.Contains(log, `"status"=500`) {
				t.Errorf("log:\n%s", log)
			}
		})
	}
	v := w.visitor(t, func(o *Options) { o.Invitations = panicking{w, http.ErrAbortHandler} })
	defer func() {
		if recover() == nil {
			t.Error("the server was not told to abort the connection")
		}
	}()
	v.get("/i/" + token)
}

// slow answers when the request's time is over.
type slow struct{ *world }

func (slow) Lookup(ctx context.Context, _ string) (directory.Invitation, error) {
	<-ctx.Done()
	return directory.Invitation{}, ctx.Err()
}

func TestVisitorWhoGoesAwayIsNoFault(t *testing.T) {
	w := newWorld()
	var seen journal
	v := w.visitor(t, func(o *Options) { o.Invitations, o.Log = slow{w}, seen.logger() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v.send(newRequest(t, http.MethodGet, "/i/"+w.invite(), nil).WithContext(ctx))
	if strings.Contains(seen.all(), "could not answer") {
		t.Errorf("log:\n%s", seen.all())
	}
}

func TestRequestThatTakesTooLongIsAskedToComeBack(t *testing.T) {
	w := newWorld()
	v := w.visitor(t, func(o *Options) { o.Invitations = slow{w} })
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	got := v.send(newRequest(t, http.MethodGet, "/i/"+w.invite(), nil).WithContext(ctx))
	got.wants(t, http.StatusServiceUnavailable, "Please try again in a moment")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
