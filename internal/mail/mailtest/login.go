package mailtest

import (
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// loginSession is a session that has to be signed in to.
type loginSession struct{ *session }

// AuthMechanisms implements smtp.AuthSession.
func (n *loginSession) AuthMechanisms() []string { return n.sink.options.Mechanisms }

// Auth implements smtp.AuthSession.
func (n *loginSession) Auth(mechanism string) (sasl.Server, error) {
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error {
			return n.check(username, password)
		}), nil
	case sasl.Login:
		return &loginServer{check: n.check}, nil
	default:
		return nil, smtp.ErrAuthUnknownMechanism
	}
}

func (n *loginSession) check(username, password string) error {
	if err := n.fail(StageAuth); err != nil {
		return err
	}
	if username != n.sink.options.Username || password != n.sink.options.Password {
		return reply(535, "Authentication failed for "+username)
	}
	n.loggedIn = true
	return nil
}

// loginServer is the LOGIN mechanism of draft-murchison-sasl-login-00.
type loginServer struct {
	check    func(username, password string) error
	username *string
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	switch {
	case response == nil && l.username == nil:
		return []byte("Username:"), false, nil
	case l.username == nil:
		username := string(response)
		l.username = &username
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(*l.username, string(response))
	}
}
