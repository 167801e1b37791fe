package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

// session takes the messages of one connection.
type session struct {
	sink    *Sink
	conn    *smtp.Conn
	stopped <-chan struct{}

	loggedIn bool
	from     string
	to       []string
}

// Reset implements smtp.Session.
func (n *session) Reset() { n.from, n.to = "", nil }

// Logout implements smtp.Session.
func (n *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (n *session) Mail(from string, _ *smtp.MailOptions) error {
	if n.sink.options.Username != "" && !n.loggedIn {
		return reply(530, "Authentication required")
	}
	n.from = from
	return n.fail(StageMail)
}

// Rcpt implements smtp.Session.
func (n *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	n.to = append(n.to, to)
	if err := n.fail(StageRcpt); err != nil {
		return err
	}
	if i := n.sink.faults.at(StageData, n.to); i != nil {
		return n.refuseData(i)
	}
	return nil
}

// Data implements smtp.Session.
func (n *session) Data(r io.Reader) error {
	if !n.sink.take(n.stopped) {
		return reply(421, "Stopped")
	}
	defer n.sink.taking.Done()
	var raw bytes.Buffer
	if _, err := io.CopyN(&raw, r, 100); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := n.fail(StageBody); err != nil {
		return err
	}
	if _, err := raw.ReadFrom(r); err != nil {
		return err
	}
	if err := n.fail(StageDot); err != nil {
		return err
	}
	m, err := Parse(raw.Bytes())
	if err != nil {
		return reply(554, "Not a message: "+err.Error())
	}
	if err := n.sink.store.add(received(m, n.from, n.to, n.sink.options.Clock.Now())); err != nil {
		return reply(451, "Cannot keep it: "+err.Error())
	}
	return n.fail(StageStored)
}

// fail lets the fault of a stage happen, if there is one.
func (n *session) fail(stage Stage) error {
	i := n.sink.faults.at(stage, n.to)
	if i == nil {
		return nil
	}
	n.hold(i)
	switch {
	case i.Drop:
		hangUp(n.conn.Conn(), i)
		return reply(421, "Dropped")
	case i.Code != 0:
		return reply(i.Code, i.Text)
	default:
		return nil
	}
}

func (n *session) hold(i *Injected) { hold(i, n.stopped) }

func hold(i *Injected, stopped <-chan struct{}) {
	if !i.Hold {
		return
	}
	select {
	case <-i.released:
	case <-stopped:
	}
}

// refuseData answers the DATA command itself, which go-smtp leaves no room
// for: it takes the conversation over until the client goes.
func (n *session) refuseData(i *Injected) error {
	conn := textproto.NewConn(n.conn.Conn())
	defer conn.Close()
	if err := conn.PrintfLine("250 Recipient ok"); err != nil {
		return err
	}
	for {
		line, err := conn.ReadLine()
		switch {
		case err != nil:
			return err
		case !strings.EqualFold(line, "DATA"):
			return conn.PrintfLine("221 Bye")
		}
		n.hold(i)
		if i.Code != 0 {
			err = conn.PrintfLine("%d %s", i.Code, i.Text)
		}
		if err != nil || i.Drop {
			return err
		}
	}
}

func reply(code int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text}
}

func hangUp(conn net.Conn, i *Injected) {
	if i.Code != 0 {
		_, _ = fmt.Fprintf(conn, "%d %s\r\n", i.Code, i.Text)
	}
	_ = conn.Close()
}

// faultyListener lets faults happen before the greeting.
type faultyListener struct {
	net.Listener
	sink    *Sink
	stopped <-chan struct{}
}

// Accept implements net.Listener.
func (l *faultyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.sink.mu.Lock()
	l.sink.conns++
	l.sink.mu.Unlock()
	return &faultyConn{Conn: conn, listener: l}, nil
}

// faultyConn lets a fault happen instead of the first bytes that the server
// writes.
type faultyConn struct {
	net.Conn
	listener *faultyListener
	first    sync.Once
}

// Write implements io.Writer.
func (c *faultyConn) Write(p []byte) (int, error) {
	c.first.Do(func() {
		i := c.listener.sink.faults.at(StageConnect, nil)
		if i == nil {
			return
		}
		hold(i, c.listener.stopped)
		if i.Code != 0 || i.Drop {
			hangUp(c.Conn, i)
		}
	})
	return c.Conn.Write(p)
}
