package mail

import (
	"context"
	"path"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Send hands one message over on a connection of its own, within ctx, and says
// how that ended. It does not try again.
func (s Server) Send(ctx context.Context, m Message) directory.DeliveryOutcome {
	o, f := dial(ctx, s)
	if f != nil {
		return outcome(f, s, m)
	}
	f = o.send(ctx, m)
	o.close(context.WithoutCancel(ctx), f == nil)
	return outcome(f, s, m)
}

func outcome(f *failure, s Server, m Message) directory.DeliveryOutcome {
	if f == nil {
		return directory.DeliveryOutcome{Result: directory.ResultSent}
	}
	return directory.DeliveryOutcome{
		Result: f.result(),
		Reason: reason(f, s.Password, s.Username, m.To, m.From, m.link, path.Base(m.link)),
	}
}
