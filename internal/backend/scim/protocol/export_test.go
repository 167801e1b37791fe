package protocol

// WaitingForBulk is how many changes wait to go in bulk.
func (c *Client) WaitingForBulk() int { return c.bulk.waiting("") }

// CreatesInBulk reports whether creations may go in bulk.
func (c *Client) CreatesInBulk() bool { return c.learned.bulks(c.options.Clock.Now(), true) }

// WaitingForGroup is how many changes of the group's members wait.
func (c *Client) WaitingForGroup(id string) int { return c.rosters.waiting(id) }

func (g *gatherer[J, R]) waiting(name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.lanes[name]; l != nil {
		return len(l.waiting)
	}
	return 0
}
