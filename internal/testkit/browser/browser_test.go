package browser

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// site serves pages by path.
func site(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.Error(w, "nothing here", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if _, err := w.Write([]byte(body)); err != nil {
			t.Log(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const fine = `<!DOCTYPE html><html lang="en"><title>Fine</title><body><header>h</header><main><h1>One</h1><h2>Two</h2>
<form action="/next"><label for="a">Name</label><input id="a" style="height:30px" aria-describedby="d" aria-invalid="true"><p id="d">Hint</p>
<button style="height:30px">Send</button></form><a href="/next">On</a></main><footer>f</footer>`

func TestAuditFindsWhatIsWrong(t *testing.T) {
	page := func(head, main string) string {
		return `<!DOCTYPE html><html lang="en"><title>T</title>` + head + `<body><header>h</header><main><h1>One</h1>` + main + `</main><footer>f</footer>`
	}
	cases := map[string]struct{ page, finding string }{
		"language":    {`<!DOCTYPE html><title>T</title><header></header><main><h1>x</h1></main><footer></footer>`, "html: has no language"},
		"title":       {`<!DOCTYPE html><html lang="en"><header></header><main><h1>x</h1></main><footer></footer>`, "html: has no title"},
		"landmark":    {`<!DOCTYPE html><html lang="en"><title>T</title><header></header><h1>x</h1><footer></footer>`, "body: has 0 main landmarks"},
		"heading":     {page("", "<h3>x</h3>"), "h3: follows level 1"},
		"two h1":      {page("", "<h1>x</h1>"), "body: does not have exactly one h1"},
		"twice":       {page("", `<p id="a"></p><p id="a"></p>`), "p#a: shares its id"},
		"reference":   {page("", `<p aria-labelledby="b">x</p>`), "p: aria-labelledby names b, which is not there"},
		"label":       {page("", `<input id="i" style="height:30px">`), "input#i: has no visible label"},
		"name":        {page("", `<button style="width:30px;height:30px"></button>`), "a button has no name"},
		"target":      {page("", `<label for="i">x</label><input type="checkbox" id="i" style="width:10px;height:10px">`), "input#i: is only 10 by 10 pixels large"},
		"wide":        {page("", `<p style="width:3000px">x</p>`), "html: is 3008 pixels wide in a window of 1024"},
		"contrast":    {page("", `<p style="color:#888">grey</p>`), `p: "grey" has a contrast of 3.54, less than 4.5`},
		"translucent": {page("", `<p style="color:rgb(0 0 0 / .4)">pale</p>`), `p: "pale" has a contrast of 2.85, less than 4.5`},
		"focus":       {page("<style>a:focus{outline:none}</style>", `<a href="/" id="a">x</a>`), "a:a: its focus can not be seen"},
		"order":       {page("", `<a href="/" id="a">x</a> <a href="/" id="b" tabindex="1">y</a>`), "a#b: has a tabindex above zero"},
		"trap":        {page("", `<a href="/" id="a" onkeydown="event.preventDefault()">x</a> <a href="/" id="b">y</a>`), `Tab goes ["a:a" "a:a"], not ["a:a" "a:b"]`},
	}
	pages := map[string]string{"/fine": fine}
	for name, c := range cases {
		pages["/"+strings.ReplaceAll(name, " ", "-")] = c.page
	}
	url := site(t, pages)
	window := Start(t).Open(t, Window{})
	for name, c := range cases {
		window.Go(url + "/" + strings.ReplaceAll(name, " ", "-"))
		if found := window.Audit(); !slices.Contains(found, c.finding) {
			t.Errorf("%s: found %q, want %q", name, found, c.finding)
		}
	}
	window.Go(url + "/fine")
	if found := window.Audit(); len(found) > 0 {
		t.Errorf("found %q where all is well", found)
	}
}

func TestPageIsUsedAndHeard(t *testing.T) {
	url := site(t, map[string]string{"/": fine, "/next": fine})
	window := Start(t).Open(t, Window{})
	if status := window.Go(url + "/nothing"); status != http.StatusNotFound {
		t.Errorf("status %d, want 404", status)
	}
	window.Go(url)
	window.Fill("#a", "first")
	window.Fill("#a", "second")
	want := Element{Role: "textbox", Name: "Name", Description: "Hint", Focused: true, Invalid: true}
	if diff := cmp.Diff(want, window.Focused()); diff != "" {
		t.Errorf("where the keyboard is (-want +got):\n%s", diff)
	}
	if typed := Evaluate[string](window, `document.querySelector("#a").value`); typed != "second" {
		t.Errorf("typed %q", typed)
	}
	if status := window.PressAndLoad(Enter); status != http.StatusOK || window.Location() != url+"/next?" {
		t.Errorf("status %d at %s", status, window.Location())
	}
	var headings []int
	for _, element := range window.Hear() {
		if element.Role == "heading" {
			headings = append(headings, element.Level)
		}
	}
	if !slices.Equal(headings, []int{1, 2}) {
		t.Errorf("headings of levels %v", headings)
	}
	window.ClickAndLoad("a")
	if window.Location() != url+"/next" || !strings.Contains(window.Text(), "Two") {
		t.Errorf("at %s: %s", window.Location(), window.Text())
	}
}

// What the browser does in its own time is waited for: the focus of a page that
// asks for it when it is first drawn, and of a link within it.
func TestFocusIsWaitedFor(t *testing.T) {
	url := site(t, map[string]string{"/": `<!DOCTYPE html><title>T</title>
		<h1 tabindex="-1" autofocus>News</h1><a href="#later">Go on</a><input id="later" aria-label="Later">`})
	chromium := Start(t)
	for name, window := range map[string]Window{"scripts": {}, "no scripts": {NoScripts: true}} {
		page := chromium.Open(t, window)
		for range 5 {
			page.Go(url)
			if got := page.Focused().Name; got != "News" {
				t.Errorf("%s: the keyboard is at %q, not where the page wants it", name, got)
			}
			page.Press(Tab, Enter)
			if got := page.FocusedOn("Later"); got.Role != "textbox" {
				t.Errorf("%s: the link leads to %s", name, got)
			}
		}
	}
}

func TestWindowsDifferAndShareNothing(t *testing.T) {
	url := site(t, map[string]string{"/": `<!DOCTYPE html><title>before</title><script>document.title = "after"; document.cookie = "a=b"</script>`})
	chromium := Start(t)
	plain, quiet := chromium.Open(t, Window{}), chromium.Open(t, Window{NoScripts: true, Dark: true, Width: 360, Height: 640, Sharpness: 2})
	const look = `[document.title, document.cookie, String(innerWidth), String(devicePixelRatio), String(matchMedia("(prefers-color-scheme: dark)").matches)]`
	plain.Go(url)
	quiet.Go(url)
	if got := Evaluate[[]string](plain, look); !slices.Equal(got, []string{"after", "a=b", "1024", "1", "false"}) {
		t.Errorf("plain window: %q", got)
	}
	if got := Evaluate[[]string](quiet, look); !slices.Equal(got, []string{"before", "", "360", "2", "true"}) {
		t.Errorf("quiet window: %q", got)
	}
	file := filepath.Join(t.TempDir(), "new", "picture.png")
	quiet.Screenshot(file)
	if image, err := os.ReadFile(file); err != nil || http.DetectContentType(image) != "image/png" {
		t.Errorf("picture is %s, %v", http.DetectContentType(image), err)
	}
}

func TestProgramIsTheOneThatIsNamed(t *testing.T) {
	t.Setenv("CHROMIUM", filepath.Join(t.TempDir(), "nothing"))
	if got := find(); got != "" {
		t.Errorf("found %s", got)
	}
}
