package directorytest

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func brokenAddresses() map[string]broken {
	return map[string]broken{
		"another person at the new address": {check: "address/change", bend: func(w *twist) {
			w.changeAddress = func(ctx context.Context, org directory.OrganizationID, from, to string) error {
				m, ok := w.has(org, from)
				if !ok {
					return nil
				}
				if err := w.Backend.RemoveMember(ctx, org, from, directory.RemovalDrop); err != nil {
					return err
				}
				m.Member.Address = to
				_, err := w.Backend.ApplyMember(ctx, m.Member)
				return err
			}
		}},
		"takes somebody's place": {check: "address/refuse", bend: func(w *twist) {
			w.changeAddress = func(ctx context.Context, org directory.OrganizationID, from, to string) error {
				if err := w.Backend.RemoveMember(ctx, org, to, directory.RemovalDrop); err != nil {
					return err
				}
				return w.memory.ChangeAddress(ctx, org, from, to)
			}
		}},
	}
}
