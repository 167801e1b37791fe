package portal

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// notice is a page that says what happened and what to do now. All notices have
// the same elements, so that a dead link can not be told from another by its
// page's structure.
type notice struct {
	Status int
	// Heading says what happened, Reason why, Advice what to do.
	Heading, Reason, Advice string
	// Href is a path of ours, or where an organization's people sign in; Link are
	// the words that lead there. Both are empty on a page that leads nowhere.
	Href, Link string
}

// showNotice shows a notice that leads to the start page, unless it says where else.
func (p *portal) showNotice(w http.ResponseWriter, r *http.Request, n notice) {
	if n.Href == "" {
		n.Href, n.Link = "/", "Go to the start page"
	}
	p.showLast(w, r, n)
}

// showLast shows a notice that leads nowhere unless it says where.
func (p *portal) showLast(w http.ResponseWriter, r *http.Request, n notice) {
	p.show(w, r, n.Status, document{Title: n.Heading, Notice: &n})
}

// showTooMany tells whoever was too fast when to come back.
func (p *portal) showTooMany(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	retryAfter(w, wait)
	p.showNotice(w, r, notice{
		Status:  http.StatusTooManyRequests,
		Heading: "That was a lot at once",
		Reason:  "To keep accounts safe, only so many attempts are taken in a short time.",
		Advice:  "Please wait a moment and try again. Nothing is lost.",
	})
}

// showFault answers an error that a form can not help with. It logs it,
// unless the visitor went away.
func (p *portal) showFault(w http.ResponseWriter, r *http.Request, err error) {
	kind := directory.KindOf(err)
	if errors.Is(err, context.DeadlineExceeded) {
		kind = directory.KindUnavailable
	}
	switch {
	case errors.Is(r.Context().Err(), context.Canceled):
		// Whatever it was, it is because nobody waits for the answer any more.
		p.log.V(1).Info("portal client went away", "route", routeFrom(r.Context()))
	case kind != directory.KindRateLimited:
		p.log.Error(err, "portal could not answer", "route", routeFrom(r.Context()), "kind", string(kind))
	}
	switch kind {
	case directory.KindRateLimited:
		p.showTooMany(w, r, directory.RetryAfter(err))
	case directory.KindUnavailable:
		retryAfter(w, directory.RetryAfter(err))
		p.showNotice(w, r, notice{
			Status:  http.StatusServiceUnavailable,
			Heading: "Please try again in a moment",
			Reason:  "A part of this service can not be reached right now.",
			Advice:  "Your link stays good. Reload the page in a minute.",
		})
	default:
		p.showNotice(w, r, ourFault())
	}
}

// retryAfter sets the header in whole seconds, one at least.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Max(1, math.Ceil(wait.Seconds())))))
}

func ourFault() notice {
	return notice{
		Status:  http.StatusInternalServerError,
		Heading: "Something went wrong on our side",
		Reason:  "It is not your fault, and whoever runs this service can see that it happened.",
		Advice:  "Please try again in a few minutes.",
	}
}

func noSuchPage() notice {
	return notice{
		Status:  http.StatusNotFound,
		Heading: "There is no such page",
		Reason:  "The address may be incomplete or mistyped.",
		Advice:  "If a mail brought you here, copy the whole link from it into the address bar.",
	}
}

func wrongMethod() notice {
	return notice{
		Status:  http.StatusMethodNotAllowed,
		Heading: "That does not work here",
		Reason:  "This address can not be used in that way.",
		Advice:  "Go back to the page before and use its buttons.",
	}
}

func wrongHost() notice {
	return notice{
		Status:  http.StatusMisdirectedRequest,
		Heading: "Nothing is served under this name",
		Reason:  "This service answers to its own address only.",
		Advice:  "Use the link exactly as it is in your invitation.",
	}
}

func foreignForm() notice {
	return notice{
		Status:  http.StatusForbidden,
		Heading: "That was not sent from this page",
		Reason:  "To protect you, a form is taken only when the browser says that it was filled in here. Nothing has changed.",
		Advice:  "Open the link from your invitation again and send the form from there. If this page comes back, update your browser or use another one.",
	}
}

func formTooLarge() notice {
	return notice{
		Status:  http.StatusRequestEntityTooLarge,
		Heading: "That is too much text",
		Reason:  "The form is larger than any answer to it can be. Nothing has changed.",
		Advice:  "Go back, shorten what you wrote, and send it again.",
	}
}

func unreadableForm() notice {
	return notice{
		Status:  http.StatusBadRequest,
		Heading: "The form could not be read",
		Reason:  "It did not arrive as this page sends it. Nothing has changed.",
		Advice:  "Go back, reload the page, and send the form again.",
	}
}
