package protocol

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter returns how long an answer asks to wait (RFC 9110 section 10.2.3),
// at most the limit; 0 when it does not say or says nonsense. A date is compared
// with the answer's own Date when there is one, because clocks differ.
func retryAfter(header http.Header, now time.Time, limit time.Duration) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		if seconds > limit.Seconds() {
			return limit
		}
		return time.Duration(seconds * float64(time.Second))
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return min(max(until.Sub(now), 0), limit)
}
