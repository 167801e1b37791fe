package wirefault

// Fault is a way in which the path between a backend and its system breaks for
// one request.
type Fault string

const (
	// Refused: the connection ends before the system has seen the request.
	Refused Fault = "Refused"
	// LostReply: the system does what it is asked, and its answer is lost.
	LostReply Fault = "LostReply"
	// Slow: the answer comes after the backend has given up waiting.
	Slow Fault = "Slow"
	// Late: the backend gives up waiting, and only then the system gets the
	// request, and does what it is asked.
	Late Fault = "Late"
	// Conflict: the system says that the thing changed meanwhile (HTTP 409).
	Conflict Fault = "Conflict"
	// Precondition: the same, of a version that was named (HTTP 412).
	Precondition Fault = "Precondition"
	// RateLimited: too many requests, and when to come again (HTTP 429).
	RateLimited Fault = "RateLimited"
	// Internal: the system failed (HTTP 500).
	Internal Fault = "Internal"
	// BadGateway: something in between got no answer that it understood (HTTP 502).
	BadGateway Fault = "BadGateway"
	// Unavailable: the system is not there for now (HTTP 503).
	Unavailable Fault = "Unavailable"
	// GatewayTimeout: something in between gave up waiting (HTTP 504).
	GatewayTimeout Fault = "GatewayTimeout"
	// Unauthorized: the credentials are refused this once (HTTP 401).
	Unauthorized Fault = "Unauthorized"
	// Garbage: something in between answers with a page for people and a
	// status of success.
	Garbage Fault = "Garbage"
	// Truncated: the answer ends in the middle, with a status of success.
	Truncated Fault = "Truncated"
)

// All are those that a scenario is played with at every request.
func All() []Fault {
	return []Fault{
		Refused, LostReply, Slow, Late, Conflict, Precondition, RateLimited,
		Internal, BadGateway, Unavailable, GatewayTimeout, Unauthorized, Garbage, Truncated,
	}
}

// Path is the way between a backend and its system, which tests break.
type Path interface {
	// Requests counts the requests so far, broken ones included.
	Requests() int
	// Break breaks the nth request from now on, counted from 1. There is one break
	// at a time; a later call takes the place of one that did not come true.
	Break(nth int, how Fault)
	// Mend lets everything pass again, and lets go what is held back: a request
	// that is late reaches the system before Mend returns. It reports whether the
	// break came true.
	Mend() bool
}
