package app

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

// logOptions say how much is logged, and in which form.
type logOptions struct{ level, format string }

func (o *logOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.level, "log-level", "info", "how much to log: debug, info, warn or error; addresses of people are logged at debug only")
	f.StringVar(&o.format, "log-format", "json", "form of the log: json or text")
}

func (o *logOptions) logger(w io.Writer) (logr.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.level)); err != nil {
		return logr.Logger{}, fmt.Errorf("--log-level %q: must be debug, info, warn or error", o.level)
	}
	var handler slog.Handler
	switch o.format {
	case "json":
		handler = slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})
	case "text":
		handler = slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})
	default:
		return logr.Logger{}, fmt.Errorf("--log-format %q: must be json or text", o.format)
	}
	log := logr.FromSlogHandler(handler)
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	return log, nil
}
