package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// How long the steps of a conversation may take; a claim's deadline cuts them
// shorter. The answer to the final dot has no limit of its own: giving up on
// it can only turn a mail that was taken into one of which nobody knows.
const (
	connectTimeout = 15 * time.Second
	commandTimeout = time.Minute
	quitTimeout    = 2 * time.Second
)

// maxReceived bounds in bytes what one connection may make us read before the
// first message and with each message; honest servers need some 10 KB, for
// their certificates.
const maxReceived = 1 << 20

var errTooTalkative = errors.New("the mail server says too much")

// session is a connection to a mail server that is ready to take messages. It
// belongs to one goroutine.
//
// It uses the lower level of go-mail: that library's Client reports a lost
// answer to the final dot, a final dot that could not be written, and a failed
// RSET after success in ways that cannot be told apart reliably.
type session struct {
	server Server
	conn   *boundedConn
	client *smtp.Client
	// sent counts the messages that were taken.
	sent int
}

// dial opens a session within ctx. What fails has the stage at which it did.
func dial(ctx context.Context, s Server) (*session, *failure) {
	if err := s.Validate(); err != nil {
		return nil, &failure{stageConnect, configurationError(err.Error())}
	}
	dialer := net.Dialer{Timeout: connectTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", s.address())
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &failure{stageConnect, context.Cause(ctx)}
	case err != nil:
		return nil, &failure{stageConnect, err}
	}
	return open(ctx, s, conn)
}

// open makes a session of a connection, and closes it when that fails.
func open(ctx context.Context, s Server, conn net.Conn) (*session, *failure) {
	o := &session{server: s, conn: &boundedConn{Conn: conn, left: maxReceived}}
	for _, step := range []struct {
		stage stage
		do    func() error
	}{{stageConnect, o.connect}, {stageGreet, o.greet}, {stageTLS, o.encrypt}, {stageLogin, o.login}} {
		if err := o.within(ctx, commandTimeout, step.do); err != nil {
			_ = conn.Close()
			return nil, &failure{step.stage, err}
		}
	}
	return o, nil
}

// within cuts off an exchange that outlasts the limit or ctx, by ending the
// connection's time: a deadline in the past works on it at any moment, and
// needs no clock.
func (o *session) within(ctx context.Context, limit time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_ = o.conn.SetDeadline(time.Time{})
	cut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = o.conn.SetDeadline(time.Unix(1, 0))
		close(cut)
	})
	err := do()
	if !stop() {
		// Else it could end the time of the next exchange.
		<-cut
	}
	if err != nil && replyCode(err) == 0 && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (o *session) connect() error {
	var conn net.Conn = o.conn
	if o.server.TLS == TLSImplicit {
		conn = tls.Client(conn, o.tlsConfig())
	}
	client, err := smtp.NewClient(conn, o.server.Host)
	o.client = client
	return err
}

func (o *session) greet() error {
	name := o.server.HELO
	if name == "" {
		name = literal(o.conn.LocalAddr())
	}
	return o.client.Hello(name)
}

// literal is the name of a host that has none: RFC 5321, section 4.1.3.
func literal(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	switch {
	case !ok:
		return "localhost"
	case tcp.IP.To4() != nil:
		return "[" + tcp.IP.String() + "]"
	default:
		return "[IPv6:" + tcp.IP.String() + "]"
	}
}

func (o *session) encrypt() error {
	if o.server.TLS != TLSStart {
		return nil
	}
	if offered, _ := o.client.Extension("STARTTLS"); !offered {
		return configurationError(`it does not offer STARTTLS; nothing is sent unencrypted unless "tls" is none`)
	}
	return o.client.StartTLS(o.tlsConfig())
}

func (o *session) tlsConfig() *tls.Config {
	c := &tls.Config{ServerName: strings.Trim(o.server.Host, "[]"), MinVersion: tls.VersionTLS12}
	if o.server.CABundle != "" {
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AppendCertsFromPEM([]byte(o.server.CABundle))
	}
	return c
}

func (o *session) login() error {
	if o.server.Username == "" {
		return nil
	}
	if o.server.TLS == TLSNone && !o.isLoopback() {
		return configurationError("a password is not sent unencrypted to another host")
	}
	_, offered := o.client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	s := o.server
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		return o.client.Auth(smtp.PlainAuth("", s.Username, s.Password, s.Host, true))
	case slices.Contains(mechanisms, "LOGIN"):
		return o.client.Auth(smtp.LoginAuth(s.Username, s.Password, s.Host, true))
	default:
		return configurationError("it offers neither PLAIN nor LOGIN")
	}
}

// isLoopback looks at what was dialled, not at its name.
func (o *session) isLoopback() bool {
	tcp, ok := o.conn.RemoteAddr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// send hands one message over. After a failure the session must be closed.
func (o *session) send(ctx context.Context, m Message) *failure {
	o.conn.left = maxReceived
	if f := o.envelope(ctx, m); f != nil {
		return f
	}
	data, f := o.announce(ctx)
	if f != nil {
		return f
	}
	if f := o.body(ctx, m, data); f != nil {
		return f
	}
	err := o.within(ctx, maxReplyWait, func() error {
		_, _, err := o.client.Text.ReadResponse(2)
		return err
	})
	if err != nil {
		return &failure{stageReply, err}
	}
	o.sent++
	return nil
}

// body sends the message and the final dot, and asks in between whether the
// message may leave: the server cannot have taken it before.
func (o *session) body(ctx context.Context, m Message, data io.WriteCloser) *failure {
	err := o.within(ctx, commandTimeout, func() error {
		_, err := data.Write(m.Raw)
		return err
	})
	if err != nil {
		return &failure{stageBody, err}
	}
	if m.depart != nil {
		if err := m.depart(ctx); err != nil {
			return &failure{stageDepart, err}
		}
	}
	// An error means that not all of the final dot reached the operating
	// system, so the server cannot have seen the end of the message.
	if err := o.within(ctx, commandTimeout, data.Close); err != nil {
		return &failure{stageBody, err}
	}
	return nil
}

// maxReplyWait is what RFC 5321, section 4.5.3.2.6, asks a client to wait.
const maxReplyWait = 10 * time.Minute

func (o *session) envelope(ctx context.Context, m Message) *failure {
	// All addresses are ASCII. Asking for SMTPUTF8 without need would make
	// relays further on bounce the mail.
	o.client.SkipSMTPUTF8(true)
	err := o.within(ctx, commandTimeout, func() error { return o.client.Mail("<" + m.From + ">") })
	if err != nil {
		return &failure{stageSender, err}
	}
	err = o.within(ctx, commandTimeout, func() error { return o.client.Rcpt("<" + m.To + ">") })
	if err != nil {
		return &failure{stageTo, err}
	}
	return nil
}

// announce sends DATA. It returns go-mail's inner writer, because closing the
// outer one hides whether the final dot was written, and waits for the reply.
func (o *session) announce(ctx context.Context) (io.WriteCloser, *failure) {
	var outer io.WriteCloser
	err := o.within(ctx, commandTimeout, func() error {
		var err error
		outer, err = o.client.Data()
		return err
	})
	if err != nil {
		return nil, &failure{stageData, err}
	}
	closer, ok := outer.(*smtp.DataCloser)
	if !ok {
		return nil, &failure{stageData, errors.New("unexpected writer")}
	}
	return closer.WriteCloser, nil
}

// close says goodbye when the server still listens, and frees the connection
// in any case.
func (o *session) close(ctx context.Context, polite bool) {
	if polite {
		_ = o.within(ctx, quitTimeout, o.client.Quit)
	}
	_ = o.conn.Close()
}

// boundedConn ends when the other side sends more than is left, so that a
// hostile server cannot fill our memory with one endless line.
type boundedConn struct {
	net.Conn
	left int
}

// Read implements io.Reader.
func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooTalkative
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
