// Package browser lets tests use web pages as people do: in a real Chromium, by
// keyboard, at the width of a phone, in the dark, without scripts, and as a
// screen reader hears them.
//
// It promises that every window starts without cookies, storage or history,
// that nothing outlives the test, and that the browser makes no connection of
// its own. An action returns when the browser says that it is done, and one that
// loads a page when the keyboard is where the page wants it. What a browser does
// after that, in its own time, is waited for: [Page.FocusedOn].
//
// A test is skipped, with a line that says what to install, where there is no
// Chromium. With REQUIRE_BROWSER=1 in the environment it fails instead, so that
// a build which should have one can not lose it silently.
package browser
