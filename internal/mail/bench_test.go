package mail

import (
	"testing"

	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
)

// BenchmarkHandOver tells what keeping a connection is worth.
func BenchmarkHandOver(b *testing.B) {
	for _, mode := range []TLSMode{TLSNone, TLSStart} {
		sink, err := mailtest.Start(mailtest.Options{TLS: mailtest.TLS(mode)})
		if err != nil {
			b.Fatal(err)
		}
		host, port := splitAddr(b, sink.Addr())
		s := Server{Host: host, Port: port, TLS: mode, CABundle: sink.CABundle()}
		m, err := Render(testDelivery(), Sender{From: testFrom, Date: testDate})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(mode)+"/connection each", func(b *testing.B) {
			for b.Loop() {
				if o := s.Send(b.Context(), m); o.Reason != "" {
					b.Fatal(o.Reason)
				}
			}
		})
		b.Run(string(mode)+"/connection kept", func(b *testing.B) {
			o, f := dial(b.Context(), s)
			for f == nil && b.Loop() {
				f = o.send(b.Context(), m)
			}
			if f != nil {
				b.Fatal(f)
			}
			o.close(b.Context(), true)
		})
		if err := sink.Stop(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for b.Loop() {
		if _, err := Render(testDelivery(), Sender{From: testFrom, Date: testDate}); err != nil {
			b.Fatal(err)
		}
	}
}
