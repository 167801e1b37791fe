package protocol

// maxIdle is how many pages of a listing by cursor may bring nothing new.
const maxIdle = 3

// advance takes the page in: what is new in it, whether it is the last, and what
// speaks against the listing. It reports true when the same position shall be
// asked for again without overlap.
func (c *Client) advance(r ask, at *cursor, got listing) (Page, bool) {
	s := c.session(at)
	at.switchMode(got, c.options.Overrides.CursorPaging != No)
	values := at.skipOverlap(got.values)
	page := Page{Total: got.total}
	for _, v := range values {
		at.take(r.Kind, v, s, &page)
	}
	fresh := len(page.Resources)
	if fresh == 0 && at.overlaps() && got.total > at.Seen {
		return Page{}, true
	}
	at.judgeTotal(got, fresh, r.brief)
	last := at.isLast(r, got, fresh)
	at.Seen += fresh
	at.Position += len(values)
	if at.Seen >= maxListed {
		at.suspect(doubtLength)
		last = true
	}
	if last {
		at.judgeEnd(got)
		c.sessions.end(at.Session)
		page.Complete, page.Doubt = at.Doubt == 0, at.Doubt.String()
		return page, false
	}
	if at.Page == 0 {
		at.Session = c.sessions.keep(s)
	}
	at.Page++
	at.Token = got.next
	page.Next, page.Doubt = at.String(), at.Doubt.String()
	return page, false
}

// session returns what is remembered of the pages before.
func (c *Client) session(at *cursor) *session {
	s, known := newSession(), true
	if at.Page > 0 {
		s, known = c.sessions.get(at.Session)
	}
	if !s.begin(at.Page) || !known {
		at.suspect(doubtProcess)
	}
	return s
}

// switchMode follows a service provider that pages in another way than it said:
// RFC 9865 section 2.2 lets it prefer cursors, and some claim them wrongly.
func (at *cursor) switchMode(got listing, cursors bool) {
	if at.Page > 0 {
		return
	}
	if at.Mode == byIndex && got.next != "" && cursors {
		at.Mode = byCursor
	}
	if at.Mode == byCursor && got.next == "" && got.total > len(got.values) {
		at.Mode = byIndex
	}
}

// skipOverlap removes the last resource of the page before from the beginning.
// When it is not there, something has moved.
func (at *cursor) skipOverlap(values []Value) []Value {
	if !at.overlaps() {
		return values
	}
	if len(values) > 0 {
		if id, ok := values[0].Get("id").Text(); ok && hashID(id) == at.Last {
			return values[1:]
		}
	}
	at.suspect(doubtMoved)
	return values
}

// take adds a resource to the page when it is new.
func (at *cursor) take(kind ResourceKind, v Value, s *session, page *Page) {
	resource, ok := newResource(kind, v)
	if !ok {
		at.suspect(doubtNameless)
		return
	}
	at.Last = hashID(resource.id)
	if !s.add(at.Last, at.Page) {
		at.suspect(doubtRepeated)
		return
	}
	page.Resources = append(page.Resources, resource)
}

// judgeTotal compares totalResults with that of the first page. The page after
// the only one with resources may tell less: some count what is on the page,
// and who is removed after being listed leaves no gap.
func (at *cursor) judgeTotal(got listing, fresh int, brief bool) {
	switch {
	case at.Page == 0:
		at.Total = got.total
		if got.total < 0 && at.Mode == byIndex && (!brief || len(got.values) >= at.Count) {
			at.suspect(doubtTotal)
		}
		return
	case at.Page == 1 && fresh == 0 && at.Mode == byIndex && got.total < at.Total:
	case got.total != at.Total:
		at.suspect(doubtChanged)
	}
	if at.Mode == byIndex && fresh > 0 && !at.overlaps() {
		at.suspect(doubtSingle)
	}
}

// isLast reports whether nothing follows, and what is wrong with an end that is
// none.
func (at *cursor) isLast(r ask, got listing, fresh int) bool {
	if at.Mode == byIndex {
		full := len(got.values) >= at.Count
		return fresh == 0 || r.brief && !full && got.total <= len(got.values)+at.Position
	}
	if got.next == "" {
		return true
	}
	if fresh > 0 {
		at.Idle = 0
	} else {
		at.Idle++
	}
	if got.next == at.Token || at.Idle > maxIdle || len(got.next) > maxCursor {
		at.suspect(doubtCircle)
		return true
	}
	return false
}

// judgeEnd is the last look, when Seen counts everybody.
func (at *cursor) judgeEnd(got listing) {
	switch {
	case at.Total >= 0 && at.Seen != at.Total:
		at.suspect(doubtCount)
	case at.Mode == byCursor && at.Page == 0 && at.Total < 0 && len(got.values) >= at.Count:
		// A full page without total and nextCursor: the cursor was ignored.
		at.suspect(doubtTotal)
	}
}

// suspect keeps the first reason.
func (at *cursor) suspect(d doubt) {
	if at.Doubt == 0 {
		at.Doubt = d
	}
}
