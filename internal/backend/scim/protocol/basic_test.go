package protocol_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
)

func TestBasicCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		credentials protocol.BasicCredentials
		says        string
	}{
		"no user":     {protocol.BasicCredentials{Password: "s3cr3t"}, "empty"},
		"no password": {protocol.BasicCredentials{Username: "ada"}, "empty"},
		"colon":       {protocol.BasicCredentials{Username: "a:b", Password: "s3cr3t"}, "colon"},
		"line break":  {protocol.BasicCredentials{Username: "ada", Password: "s3cr3t\r\nX: y"}, "control characters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := protocol.New(protocol.Options{URL: "https://example.com", Authorize: test.credentials, Clock: clock.RealClock{}})
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("error %v, want one that says %q and shows no secret", err, test.says)
			}
		})
	}
	c := protocol.BasicCredentials{Username: "ada", Password: "s3cr3t"}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s %s", c, c, c, data, c.LogValue()); strings.Contains(shown, "s3cr3t") || strings.Contains(shown, "ada") {
		t.Errorf("it shows itself: %s", shown)
	}
}
