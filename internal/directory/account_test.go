package directory_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestAcceptanceDoesNotPrintItself(t *testing.T) {
	a := directory.Acceptance{Name: "Ada Lovelace", Password: "correct horse battery staple"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("accepted", "a", a)
	for _, got := range []string{
		fmt.Sprint(a), fmt.Sprintf("%v %+v %#v %s %q %x", a, a, a, a, a, a), fmt.Sprintf("%+v", &a), log.String(),
	} {
		if strings.Contains(got, "horse") || strings.Contains(got, "Ada") || strings.Contains(got, "636f7272") {
			t.Errorf("an acceptance prints as %q", got)
		}
	}
}
