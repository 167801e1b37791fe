// Package tmpdeps keeps dependencies while the packages that use them are being written.
package tmpdeps

import (
	_ "github.com/chromedp/chromedp"
	_ "github.com/emersion/go-smtp"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/pressly/goose/v3"
	_ "github.com/skip2/go-qrcode"
	_ "github.com/trustelem/zxcvbn"
	_ "github.com/wneessen/go-mail"
	_ "golang.org/x/crypto/argon2"
	_ "golang.org/x/net/idna"
	_ "golang.org/x/time/rate"
	_ "k8s.io/utils/clock"
	_ "modernc.org/sqlite"
	_ "sigs.k8s.io/controller-runtime"
	_ "sigs.k8s.io/controller-runtime/pkg/envtest"
	_ "sigs.k8s.io/yaml"
	_ "github.com/spf13/pflag"
	_ "github.com/prometheus/client_golang/prometheus"
)
