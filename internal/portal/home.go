package portal

import "net/http"

// showHome is for whoever comes without a link. It tells nothing about who or
// what is behind it, but takes somebody who is signed in to their own page.
func (p *portal) showHome(w http.ResponseWriter, r *http.Request) {
	if p.cookie.read(r) != "" {
		redirect(w, "/welcome")
		return
	}
	p.showLast(w, r, notice{
		Status:  http.StatusOK,
		Heading: "You need your invitation to go on",
		Reason:  "This is where people who were invited to an organization arrive. Your invitation mail has a button that leads to the right page.",
		Advice:  "Have you already accepted? The same button then takes you to your sign-in page.",
	})
}
