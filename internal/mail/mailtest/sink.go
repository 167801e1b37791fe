package mailtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"

	"github.com/emersion/go-smtp"
	"k8s.io/utils/clock"
)

// TLS says how the sink protects connections.
type TLS string

const (
	// TLSNone offers no encryption.
	TLSNone TLS = "None"
	// TLSStart offers STARTTLS.
	TLSStart TLS = "STARTTLS"
	// TLSImplicit speaks TLS from the first byte.
	TLSImplicit TLS = "Implicit"
)

// Options says what kind of mail server the sink is. The zero value is one
// without encryption and sign-in on a free port of 127.0.0.1, in memory.
type Options struct {
	// Addr is where to listen; default 127.0.0.1:0.
	Addr string
	// Dir is where messages are kept as <message-id>.eml. Those that are there
	// already are listed. Empty means in memory only.
	Dir string
	// TLS is one of the three; default TLSNone.
	TLS TLS
	// Username and Password are what must be signed in with; an empty Username
	// means that anybody may send. They are accepted without TLS too.
	Username string
	Password string
	// Mechanisms are the SASL mechanisms offered, of PLAIN and LOGIN; default
	// both. They need a Username.
	Mechanisms []string
	// SMTPUTF8 offers to take addresses that are not ASCII.
	SMTPUTF8 bool
	// Clock stamps messages; default the real one. The validity of
	// certificates always follows the real one.
	Clock clock.PassiveClock
}

// Sink is a running mail server.
type Sink struct {
	options   Options
	store     *store
	faults    faults
	authority *authority
	tls       *tls.Config

	mu       sync.Mutex
	addr     string
	listener net.Listener
	server   *smtp.Server
	// stopped is closed when the server that runs now is stopped.
	stopped chan struct{}
	serving sync.WaitGroup
	// taking counts the messages that are being taken.
	taking sync.WaitGroup
	conns  int
}

// Start starts a sink. End it with [Sink.Stop].
func Start(o Options) (*Sink, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Mechanisms == nil {
		o.Mechanisms = []string{"PLAIN", "LOGIN"}
	}
	kept, err := openStore(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Sink{options: o, store: kept, addr: o.Addr}
	if o.TLS == TLSStart || o.TLS == TLSImplicit {
		now := clock.RealClock{}.Now()
		if s.authority, err = newAuthority(now); err != nil {
			return nil, err
		}
		if s.tls, err = s.authority.serverConfig(now); err != nil {
			return nil, err
		}
	}
	return s, s.Restart()
}

// Restart starts a stopped sink again, on the same address and with the
// messages, faults and certificates that it had.
func (s *Sink) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		return errors.New("start the mail sink: it is running")
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("start the mail sink: %w", err)
	}
	s.addr = listener.Addr().String()
	s.stopped = make(chan struct{})
	s.server = s.newServer(s.stopped)
	listener = &faultyListener{Listener: listener, sink: s, stopped: s.stopped}
	if s.options.TLS == TLSImplicit {
		listener = tls.NewListener(listener, s.tls)
	}
	server := s.server
	s.listener = listener
	s.serving.Go(func() { _ = server.Serve(listener) })
	return nil
}

func (s *Sink) newServer(stopped <-chan struct{}) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		n := &session{sink: s, conn: c, stopped: stopped}
		if err := n.fail(StageHello); err != nil {
			return nil, err
		}
		if s.options.Username == "" {
			return n, nil
		}
		return &loginSession{session: n}, nil
	}))
	server.Domain = "localhost"
	server.MaxMessageBytes = 64 << 20
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = s.options.SMTPUTF8
	server.ErrorLog = log.New(io.Discard, "", 0)
	if s.options.TLS == TLSStart {
		server.TLSConfig = s.tls
	}
	return server
}

// Stop closes the port and all connections, and waits until no message is
// being taken any more. Stopping a stopped sink does nothing.
func (s *Sink) Stop() error {
	s.mu.Lock()
	server, listener := s.server, s.listener
	s.server = nil
	if server != nil {
		close(s.stopped)
	}
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	// The server closes only the listener that it has begun to serve.
	err := errors.Join(ignoreClosed(listener.Close()), ignoreClosed(server.Close()))
	s.serving.Wait()
	s.taking.Wait()
	if err != nil {
		return fmt.Errorf("stop the mail sink: %w", err)
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// take announces that a message is about to be taken; false when the sink was
// stopped. It must be followed by s.taking.Done.
func (s *Sink) take(stopped <-chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-stopped:
		return false
	default:
		s.taking.Add(1)
		return true
	}
}

// Addr is where the sink listens, as host:port.
func (s *Sink) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// CABundle is the authority in PEM that a client must trust; "" without TLS.
func (s *Sink) CABundle() string {
	if s.authority == nil {
		return ""
	}
	return s.authority.pem
}

// Inject makes the sink fail until the fault is removed or used up.
func (s *Sink) Inject(f Fault) *Injected { return s.faults.add(f) }

// Messages returns what was taken, oldest first.
func (s *Sink) Messages() []Message { return s.store.list() }

// Connections counts the connections that were accepted since the start.
func (s *Sink) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// Wait returns the first message that is wanted, as soon as there is one.
func (s *Sink) Wait(ctx context.Context, wanted func(Message) bool) (Message, error) {
	return s.store.wait(ctx, wanted)
}
