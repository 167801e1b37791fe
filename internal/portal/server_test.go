package portal

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/go-logr/logr"
)

func TestServerHasATimeForEverything(t *testing.T) {
	server := NewServer(http.NotFoundHandler(), logr.Discard())
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.IdleTimeout == 0 || server.MaxHeaderBytes == 0 {
		t.Errorf("server %+v lacks a limit", server)
	}
	if server.WriteTimeout <= handlingMax {
		t.Errorf("pages may take %s, writing them only %s", handlingMax, server.WriteTimeout)
	}
}

func TestServerRefusesHugeHeaders(t *testing.T) {
	w := newWorld()
	url := w.listen(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", strings.Repeat("a", 32<<10))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", response.StatusCode)
	}
}

func TestPromise_QuestionsAboutTheServerItselfAreRefused(t *testing.T) {
	url := newWorld().listen(t)
	host := strings.TrimPrefix(url, "http://")
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := io.WriteString(connection, "OPTIONS * HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if response.StatusCode != http.StatusNotFound || response.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("status %d with headers %v", response.StatusCode, response.Header)
	}
}

func TestServerLetsRequestsUnderWayFinish(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-release
		if _, err := io.WriteString(w, "done"); err != nil {
			t.Error(err)
		}
	})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- Serve(ctx, listener, NewServer(handler, logr.Discard())) }()

	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-started
	stop()
	close(release)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "done" {
		t.Errorf("answer %q, %v", body, err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestServeFailsWhenTheListenerDoes(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), listener, NewServer(http.NotFoundHandler(), logr.Discard())); err == nil {
		t.Error("served on a closed listener")
	}
}

func TestConnectionTroublesAreForDebuggingOnly(t *testing.T) {
	var seen journal
	connectionLog(seen.logger()).Print("http: bad request from 192.0.2.1\n")
	if got := seen.all(); !strings.Contains(got, `"level"=1`) || !strings.Contains(got, "bad request") {
		t.Errorf("log %q", got)
	}
}
