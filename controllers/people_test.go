package controllers_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// password is one that nobody guesses.
const password = "plum otter ledger 47 canvas"

var clinicRef = v1alpha1.LocalReference{Name: "sunrise"}

// clinic is an organization with units and roles to work with.
func clinic() []client.Object {
	return []client.Object{
		sunrise(),
		unit("north", "North Practice"), unit("south", "South Practice"),
		role("clinician", "Clinician", v1alpha1.RoleLevelOrganization, "notes.write", "notes.sign"),
		role("manager", "Manager", v1alpha1.RoleLevelOrganization, "users.manage"),
		role("lead", "Team Lead", v1alpha1.RoleLevelBusinessUnit, "team.manage"),
	}
}

func sunrise() *v1alpha1.Organization {
	return &v1alpha1.Organization{
		ObjectMeta: metav1.ObjectMeta{Name: "sunrise"},
		Spec:       v1alpha1.OrganizationSpec{DisplayName: "Sunrise Clinic"},
	}
}

func unit(name, displayName string) *v1alpha1.BusinessUnit {
	return &v1alpha1.BusinessUnit{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.BusinessUnitSpec{OrganizationRef: clinicRef, DisplayName: displayName},
	}
}

func role(name, displayName string, level v1alpha1.RoleLevel, permissions ...v1alpha1.Permission) *v1alpha1.Role {
	return &v1alpha1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.RoleSpec{OrganizationRef: clinicRef, DisplayName: displayName, Level: level, Permissions: permissions},
	}
}

func user(name, email string, change ...func(*v1alpha1.UserSpec)) *v1alpha1.User {
	u := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.UserSpec{OrganizationRef: clinicRef, Email: email},
	}
	for _, c := range change {
		c(&u.Spec)
	}
	return u
}

// sees waits until an object's condition is as said, and returns the object.
func sees[T client.Object](w *world, object T, condition string, status metav1.ConditionStatus, reason string) T {
	w.Helper()
	w.eventually(object.GetName()+" has "+condition+"="+string(status)+" "+reason, func() (bool, string) {
		if err := suite.client.Get(w.ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return false, err.Error()
		}
		c := meta.FindStatusCondition(conditions(object), condition)
		if c == nil {
			return false, "no such condition yet"
		}
		return c.Status == status && (reason == "" || c.Reason == reason), string(c.Status) + " " + c.Reason + ": " + c.Message
	})
	return object
}

func conditions(o client.Object) []metav1.Condition {
	if batch, ok := o.(*v1alpha1.InviteBatch); ok {
		return batch.Status.Conditions
	}
	return watch.Conditions(o)
}

// gone waits until an object does not exist any more.
func (w *world) gone(object client.Object) {
	w.Helper()
	w.eventually(object.GetName()+" is gone", func() (bool, string) {
		err := suite.client.Get(w.ctx, client.ObjectKeyFromObject(object), object)
		return client.IgnoreNotFound(err) == nil && err != nil, "it is there"
	})
}

// mailTo waits for the mail to an address.
func (w *world) mailTo(email string) mailtest.Message {
	w.Helper()
	var found mailtest.Message
	w.eventually("a mail to "+email, func() (bool, string) {
		for _, m := range w.sink.Messages() {
			if m.To == email || strings.Contains(m.To, "<"+email+">") {
				found = m
				return true, ""
			}
		}
		return false, "none came"
	})
	return found
}

// mailsTo counts the distinct mails to an address, and then how often they were handed over.
func (w *world) mailsTo(email string) (int, int) {
	distinct, handedOver := 0, 0
	for _, m := range w.sink.Messages() {
		if strings.Contains(m.To, email) {
			distinct++
			handedOver += m.Count
		}
	}
	return distinct, handedOver
}

// person is somebody with a browser of their own, without scripts.
type person struct {
	w      *world
	client *http.Client
}

func (w *world) person() *person {
	jar, err := cookiejar.New(nil)
	must(w.T, err)
	return &person{w: w, client: &http.Client{Jar: jar, Timeout: time.Minute}}
}

// page is what a person sees.
type page struct {
	status int
	text   string
}

func (p *person) get(link string) page {
	p.w.Helper()
	request, err := http.NewRequestWithContext(p.w.ctx, http.MethodGet, link, http.NoBody)
	must(p.w.T, err)
	return p.do(request)
}

func (p *person) submit(link string, form url.Values) page {
	p.w.Helper()
	request, err := http.NewRequestWithContext(p.w.ctx, http.MethodPost, link, strings.NewReader(form.Encode()))
	must(p.w.T, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", p.w.portal)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.do(request)
}

// insist is for a crowd of whose passwords a machine has too many to look at in
// time: whoever is asked to try again in a moment does.
func (p *person) insist(link string, form url.Values) page {
	p.w.Helper()
	var seen page
	p.w.eventually("the portal has time", func() (bool, string) {
		seen = p.submit(link, form)
		return seen.status != http.StatusServiceUnavailable, seen.text
	})
	return seen
}

func (p *person) do(request *http.Request) page {
	p.w.Helper()
	response, err := p.client.Do(request)
	must(p.w.T, err)
	body, err := io.ReadAll(response.Body)
	must(p.w.T, err)
	_ = response.Body.Close()
	return page{status: response.StatusCode, text: string(body)}
}

// accept accepts an invitation, and fails when that does not work.
func (p *person) accept(link, name string) {
	p.w.Helper()
	form := p.w.home.answers()
	form.Set("name", name)
	if seen := p.submit(link, form); seen.status != http.StatusOK {
		p.w.Fatalf("accepting: status %d\n%s", seen.status, seen.text)
	}
}

// getsIn fails unless somebody can sign in and then sees the texts.
func (w *world) getsIn(email string, texts ...string) {
	w.Helper()
	w.eventually(email+" can sign in", func() (bool, string) {
		in, seen := w.home.signIn(w, email)
		return in && contains(seen, texts...), seen
	})
}

// staysOut fails when somebody can sign in.
func (w *world) staysOut(email string) {
	w.Helper()
	if in, seen := w.home.signIn(w, email); in {
		w.Errorf("somebody who must not can sign in:\n%s", seen)
	}
}

func (w *world) shows(p page, texts ...string) {
	w.Helper()
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			w.Errorf("the page does not say %q:\n%s", text, p.text)
		}
	}
}

// settled applies the clinic and waits until it is provisioned.
func (w *world) settled() {
	w.Helper()
	objects := clinic()
	w.create(objects...)
	for _, o := range objects {
		sees(w, o, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	}
}
