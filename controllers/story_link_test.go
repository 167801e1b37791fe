package controllers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// openDay is a link to join as a clinician of the northern practice.
func openDay(change ...func(*v1alpha1.InviteLinkSpec)) *v1alpha1.InviteLink {
	l := &v1alpha1.InviteLink{
		ObjectMeta: metav1.ObjectMeta{Name: "open-day"},
		Spec: v1alpha1.InviteLinkSpec{
			OrganizationRef: clinicRef,
			Template:        v1alpha1.LinkTemplate{Roles: []v1alpha1.RoleGrant{{Name: "clinician"}}, BusinessUnits: []string{"north"}},
		},
	}
	for _, c := range change {
		c(&l.Spec)
	}
	return l
}

// published waits until the link is in its Secret, and returns it.
func (w *world) published(l *v1alpha1.InviteLink) string {
	w.Helper()
	sees(w, l, v1alpha1.ConditionPublished, metav1.ConditionTrue, v1alpha1.ReasonLinkPublished)
	sees(w, l, v1alpha1.ConditionOpen, metav1.ConditionTrue, v1alpha1.ReasonLinkOpen)
	secret := &corev1.Secret{}
	must(w.T, suite.client.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: l.Status.LinkSecretRef.Name}, secret))
	link := string(secret.Data[v1alpha1.SecretKeyLink])
	if scanned := scan(w.T, secret.Data[v1alpha1.SecretKeyQRCode]); scanned != link || secret.Type != v1alpha1.SecretTypeLink {
		w.Errorf("the QR code says %q, the link is %q, the Secret's type %q", scanned, link, secret.Type)
	}
	return link
}

// wish enters an address on the link's page.
func (p *person) wish(link, email string) {
	p.w.Helper()
	if seen := p.submit(link, url.Values{"address": {email}, "name": {"Ada Lovelace"}}); seen.status != http.StatusOK || !contains(seen.text, "Look into your mailbox") {
		p.w.Fatalf("asking to join: status %d\n%s", seen.status, seen.text)
	}
}

// joiner is the User that is made for an address.
func joiner(email string) *v1alpha1.User {
	return &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: reference.UserName(clinicRef.Name, email)}}
}

// cameByLink waits until somebody is in, and the User says so.
func (w *world) cameByLink(email string) *v1alpha1.User {
	w.Helper()
	u := joiner(email)
	u.Namespace = w.namespace
	sees(w, u, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonJoinedByLink)
	sees(w, u, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if u.Status.JoinedBy != v1alpha1.JoinedByLink || u.Labels[v1alpha1.LabelLink] != "open-day" || len(u.OwnerReferences) != 0 {
		w.Errorf("joined by %q, labels %v, owners %v", u.Status.JoinedBy, u.Labels, u.OwnerReferences)
	}
	return u
}

// counts waits until the status counts as said.
func (w *world) counts(l *v1alpha1.InviteLink, uses, waiting int32) {
	w.Helper()
	w.eventually(fmt.Sprintf("%d uses, %d waiting", uses, waiting), func() (bool, string) {
		must(w.T, suite.client.Get(w.ctx, client.ObjectKeyFromObject(l), l))
		return l.Status.Uses == uses && l.Status.AwaitingApproval == waiting, fmt.Sprintf("%d, %d", l.Status.Uses, l.Status.AwaitingApproval)
	})
}

func withLinks(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, withSecrets)
	w.start()
	return w
}

// A link applied before its Organization waits for it; somebody follows it,
// confirms the address, and is in: a User with the link's label, role and unit.
func TestStory_HE4_JoinByLink(t *testing.T) {
	w := withLinks(t)
	day := openDay()
	w.create(day)
	sees(w, day, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReferenceNotFound)
	w.settled()
	link := w.published(day)

	somebody := w.person()
	w.shows(somebody.get(link), "Sunrise Clinic", "Clinician", "North Practice")
	somebody.wish(link, "Ada@Example.com")
	mail := w.mailTo("ada@example.com")
	if !strings.Contains(mail.Subject, "Confirm your address to join Sunrise Clinic") {
		t.Errorf("the mail's subject is %q", mail.Subject)
	}
	w.shows(somebody.get(mail.Link), "Sunrise Clinic", "ada@example.com")
	w.counts(day, 0, 0) // a look changes nothing
	somebody.accept(mail.Link, "Ada Lovelace")
	u := w.cameByLink("ada@example.com")
	if u.Spec.Profile.DisplayName != "Ada Lovelace" {
		t.Errorf("the person is called %q", u.Spec.Profile.DisplayName)
	}
	w.counts(day, 1, 0)
	w.eventually("role and unit hold", func() (bool, string) {
		p := somebody.get(w.portal + "/welcome")
		return contains(p.text, "Ada Lovelace", "Clinician", "North Practice"), p.text
	})
	// Who is in gets no mail, and no other answer.
	w.person().wish(link, "ada@example.com")
	w.person().wish(link, "grace@example.com")
	w.mailTo("grace@example.com")
	if distinct, times := w.mailsTo("ada@example.com"); distinct != 1 || times != 1 {
		t.Errorf("%d mails, handed over %d times; want one, once", distinct, times)
	}
	// The person is an ordinary one: deleted they are out, and do not come back.
	must(t, suite.client.Delete(w.ctx, u))
	w.gone(u)
	w.counts(day, 1, 0)
	w.restart()
	sees(w, day, v1alpha1.ConditionOpen, metav1.ConditionTrue, v1alpha1.ReasonLinkOpen)
	if err := suite.client.Get(w.ctx, client.ObjectKeyFromObject(u), u); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("who was removed came back: %v", err)
	}
}

// Only addresses of the listed domains join, and that may be told.
func TestStory_HE4_Domains(t *testing.T) {
	w := newWorld(t, withSecrets)
	w.apart().start() // a portal without the key that makes links
	w.start()
	w.settled()
	day := openDay(func(s *v1alpha1.InviteLinkSpec) { s.AllowedDomains = []string{"Example.org", "bücher.example"} })
	w.create(day)
	link := w.published(day)
	p := w.person()
	if seen := p.submit(link, url.Values{"address": {"ada@example.com"}, "name": {"Ada"}}); seen.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", seen.status)
	} else {
		w.shows(seen, "Only an address of example.org or bücher.example can join")
	}
	p.wish(link, "ada@example.org")
	p.accept(w.mailTo("ada@example.org").Link, "Ada Lovelace")
	w.cameByLink("ada@example.org")
	if n, _ := w.mailsTo("ada@example.com"); n != 0 {
		t.Errorf("%d mails to an address that cannot join", n)
	}
}

// Expiry is a timer and a rule: at its time Open is False, a confirmation that
// is on its way dies too, and prolonging opens the same link again.
func TestStory_HE4_Expiry(t *testing.T) {
	w := withLinks(t)
	w.settled()
	day := openDay(func(s *v1alpha1.InviteLinkSpec) { s.ExpiresAfter = &metav1.Duration{Duration: time.Hour} })
	w.create(day)
	link := w.published(day)
	p := w.person()
	p.wish(link, "ada@example.com")
	mail := w.mailTo("ada@example.com")
	w.travel(time.Hour + time.Minute)
	if seen := p.get(link); seen.status != http.StatusNotFound || !contains(seen.text, "This link has expired") {
		t.Errorf("status %d\n%s", seen.status, seen.text)
	}
	if seen := p.submit(mail.Link, url.Values{"name": {"Ada"}, "password": {password}}); seen.status != http.StatusNotFound {
		t.Errorf("confirming late: status %d", seen.status)
	}
	w.restart() // timers that were set before do not notice
	sees(w, day, v1alpha1.ConditionOpen, metav1.ConditionFalse, v1alpha1.ReasonExpired)
	sees(w, day, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.gone(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "open-day-link"}})
	edit(w, day, func(l *v1alpha1.InviteLink) { l.Spec.ExpiresAfter = &metav1.Duration{Duration: 3 * time.Hour} })
	if again := w.published(day); again != link {
		t.Error("prolonging made another link")
	}
	w.counts(day, 0, 0)
}

// Disabled nobody joins; enabled the same link works again; raising rotation
// makes a new one and kills the old; deleting closes it for good, and who has
// joined stays.
func TestStory_HE4_RevokeRotateDelete(t *testing.T) {
	w := withLinks(t)
	w.settled()
	day := openDay()
	w.create(day)
	link := w.published(day)
	p := w.person()
	p.wish(link, "ada@example.com")
	ada := w.mailTo("ada@example.com").Link

	edit(w, day, func(l *v1alpha1.InviteLink) { l.Spec.Access = v1alpha1.AccessDisabled })
	sees(w, day, v1alpha1.ConditionOpen, metav1.ConditionFalse, v1alpha1.ReasonLinkDisabled)
	for _, dead := range []string{link, ada} {
		if seen := p.get(dead); seen.status != http.StatusNotFound || !contains(seen.text, "This link is closed") {
			t.Errorf("status %d\n%s", seen.status, seen.text)
		}
	}
	edit(w, day, func(l *v1alpha1.InviteLink) { l.Spec.Access = v1alpha1.AccessEnabled })
	if again := w.published(day); again != link {
		t.Error("enabling made another link")
	}
	p.accept(ada, "Ada Lovelace")
	u := w.cameByLink("ada@example.com")

	w.person().wish(link, "grace@example.com")
	grace := w.mailTo("grace@example.com").Link
	edit(w, day, func(l *v1alpha1.InviteLink) { l.Spec.Rotation = 2 })
	w.eventually("the link is rotated", func() (bool, string) {
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(day), day))
		return day.Status.Rotation == 2, fmt.Sprint(day.Status.Rotation)
	})
	next := w.published(day)
	for _, dead := range []string{link, grace} {
		if seen := w.person().get(dead); seen.status != http.StatusNotFound {
			t.Errorf("what came by the older link: status %d", seen.status)
		}
	}
	if seen := w.person().get(next); seen.status != http.StatusOK || next == link {
		t.Errorf("the newer link: status %d", seen.status)
	}
	w.counts(day, 1, 0)

	must(t, suite.client.Delete(w.ctx, day))
	w.gone(day)
	if seen := w.person().get(next); seen.status != http.StatusNotFound {
		t.Errorf("a link that was deleted: status %d", seen.status)
	}
	w.cameByLink("ada@example.com")
	must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(u), u))
}

// With an approval a confirmed address is a User whom nobody has let in yet;
// enabling access invites the person in the usual way, deleting refuses.
func TestStory_HE4_Approval(t *testing.T) {
	w := withLinks(t)
	w.settled()
	day := openDay(func(s *v1alpha1.InviteLinkSpec) { s.Approval = v1alpha1.ApprovalRequired })
	w.create(day)
	link := w.published(day)
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		p := w.person()
		p.wish(link, email)
		confirm := w.mailTo(email).Link
		w.shows(p.get(confirm), "Confirm your address", email)
		w.shows(p.submit(confirm, url.Values{"confirm": {"yes"}}), "You are not in yet")
	}
	ada, eve := joiner("ada@example.com"), joiner("eve@example.com")
	for _, u := range []*v1alpha1.User{ada, eve} {
		u.Namespace = w.namespace
		sees(w, u, v1alpha1.ConditionAccepted, metav1.ConditionFalse, "")
		if u.Spec.Access != v1alpha1.AccessDisabled || u.Spec.Profile.DisplayName != "Ada Lovelace" {
			t.Errorf("access %s, name %q", u.Spec.Access, u.Spec.Profile.DisplayName)
		}
	}
	w.counts(day, 2, 2)
	must(t, suite.client.Delete(w.ctx, eve))
	w.counts(day, 2, 1)
	w.travel(6 * time.Minute) // no two mails within five minutes
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessEnabled })
	w.counts(day, 2, 0)
	var invitation string
	w.eventually("the invitation that follows the approval", func() (bool, string) {
		for _, m := range w.sink.Messages() {
			if strings.Contains(m.To, "ada@example.com") && strings.Contains(m.Subject, "invites you to join") {
				invitation = m.Link
				return true, ""
			}
		}
		return false, "none came"
	})
	w.person().accept(invitation, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, "")
}

// from is a browser behind a proxy, at an address of its own.
type from string

// RoundTrip implements http.RoundTripper.
func (f from) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", string(f))
	return http.DefaultTransport.RoundTrip(r)
}

// Forty people confirm at once while ten places are left: ten are in.
func TestStory_HE4_UsedUp(t *testing.T) {
	w := newWorld(t, withSecrets)
	w.manager.args = append(w.manager.args, "--trusted-proxies", "127.0.0.0/8")
	w.start()
	w.settled()
	places := int32(10)
	day := openDay(func(s *v1alpha1.InviteLinkSpec) { s.MaxUses = &places })
	w.create(day)
	link := w.published(day)
	crowd := make([]*person, 40)
	for i := range crowd {
		crowd[i] = w.person()
		crowd[i].client.Transport = from(fmt.Sprintf("198.51.100.%d", i))
		crowd[i].wish(link, fmt.Sprintf("p%d@example.com", i))
	}
	answers := make([]page, len(crowd))
	var all sync.WaitGroup
	for i, somebody := range crowd {
		confirm := w.mailTo(fmt.Sprintf("p%d@example.com", i)).Link
		all.Go(func() {
			answers[i] = somebody.insist(confirm, url.Values{"name": {fmt.Sprintf("Person %d", i)}, "password": {password}})
		})
	}
	all.Wait()
	in := 0
	for i, answer := range answers {
		switch {
		case answer.status == http.StatusOK:
			in++
			w.cameByLink(fmt.Sprintf("p%d@example.com", i))
		case !contains(answer.text, "All places are taken"):
			t.Errorf("person %d: status %d\n%s", i, answer.status, answer.text)
		}
	}
	if in != int(places) {
		t.Errorf("%d got in, want %d", in, places)
	}
	w.counts(day, places, 0)
	sees(w, day, v1alpha1.ConditionOpen, metav1.ConditionFalse, v1alpha1.ReasonUsedUp)
	var users v1alpha1.UserList
	must(t, suite.client.List(w.ctx, &users, client.InNamespace(w.namespace), client.MatchingLabels{v1alpha1.LabelLink: "open-day"}))
	if len(users.Items) != int(places) {
		t.Errorf("%d Users, want %d", len(users.Items), places)
	}
	more := places + 1
	edit(w, day, func(l *v1alpha1.InviteLink) { l.Spec.MaxUses = &more })
	if again := w.published(day); again != link {
		t.Error("raising maxUses made another link")
	}
}

// While the Organization is suspended nobody joins, and afterwards the link is
// the same.
func TestStory_HE4_SuspendedOrganization(t *testing.T) {
	w := withLinks(t)
	w.settled()
	day := openDay()
	w.create(day)
	link := w.published(day)
	org := sunrise()
	org.Namespace = w.namespace
	edit(w, org, func(o *v1alpha1.Organization) { o.Spec.Suspend = true })
	sees(w, day, v1alpha1.ConditionOpen, metav1.ConditionFalse, v1alpha1.ReasonSuspended)
	if seen := w.person().get(link); seen.status != http.StatusNotFound {
		t.Errorf("status %d", seen.status)
	}
	edit(w, org, func(o *v1alpha1.Organization) { o.Spec.Suspend = false })
	if again := w.published(day); again != link {
		t.Error("it is another link afterwards")
	}
}
