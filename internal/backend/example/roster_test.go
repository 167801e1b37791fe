package example_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const token = "let me in"

// someone is a person at the service; the phone is known there only.
type someone struct {
	ID      string   `json:"id"`
	Version string   `json:"version"`
	Email   string   `json:"email"`
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Active  bool     `json:"active"`
	Teams   []string `json:"teams"`
	Phone   string   `json:"phone"`
}

// roster is the service, over real HTTP.
type roster struct {
	url string

	mu     sync.Mutex
	people []someone
	teams  map[string]string
	last   int
	writes int64
	// seats is how many people there can be; less than 0 is any number.
	seats int
}

func startRoster(t testing.TB) *roster {
	t.Helper()
	r := &roster{teams: map[string]string{"everybody": "Everybody"}, seats: -1}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request){
		"GET /people": r.list, "POST /people": r.create, "PATCH /people/{id}": r.change, "DELETE /people/{id}": r.remove,
		"GET /teams": r.listTeams, "PUT /teams/{key}": r.putTeam, "DELETE /teams/{key}": r.removeTeam,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, q *http.Request) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if q.Header.Get("Authorization") != "Bearer "+token {
				refuse(w, http.StatusUnauthorized, "who are you")
				return
			}
			handle(w, q)
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func say(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(what); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func refuse(w http.ResponseWriter, status int, why string) {
	say(w, status, map[string]string{"error": why})
}

func (r *roster) list(w http.ResponseWriter, q *http.Request) {
	query := q.URL.Query()
	after, _ := strconv.Atoi(query.Get("after"))
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		limit = 100
	}
	found, more := []someone{}, false
	for _, p := range r.people {
		id, _ := strconv.Atoi(p.ID)
		switch {
		case query.Has("email") && !strings.EqualFold(p.Email, query.Get("email")), id <= after:
		case len(found) == limit:
			more = true
		default:
			found = append(found, p)
		}
	}
	say(w, http.StatusOK, map[string]any{"people": found, "more": more})
}

func (r *roster) create(w http.ResponseWriter, q *http.Request) {
	p := someone{}
	if json.NewDecoder(q.Body).Decode(&p) != nil {
		refuse(w, http.StatusBadRequest, "not storable")
		return
	}
	switch {
	case slices.ContainsFunc(r.people, func(other someone) bool { return strings.EqualFold(other.Email, p.Email) }):
		refuse(w, http.StatusConflict, "email taken")
	case r.seats >= 0 && len(r.people) >= r.seats:
		refuse(w, http.StatusPaymentRequired, "no seat left")
	default:
		say(w, http.StatusCreated, r.add(p))
	}
}

func (r *roster) add(p someone) someone {
	r.last++
	p.ID = strconv.Itoa(r.last)
	p = r.touch(p)
	r.people = append(r.people, p)
	return p
}

// touch gives somebody who changed another version.
func (r *roster) touch(p someone) someone {
	r.writes++
	p.Version = fmt.Sprintf("%s-%d", p.ID, r.writes)
	return p
}

func (r *roster) find(id string) int {
	return slices.IndexFunc(r.people, func(p someone) bool { return p.ID == id })
}

func (r *roster) change(w http.ResponseWriter, q *http.Request) {
	i := r.find(q.PathValue("id"))
	if i < 0 {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	p := r.people[i]
	switch {
	case q.Header.Get("If-Match") != p.Version:
		refuse(w, http.StatusPreconditionFailed, "it changed meanwhile")
	case json.NewDecoder(q.Body).Decode(&p) != nil:
		refuse(w, http.StatusBadRequest, "not storable")
	default:
		r.people[i] = r.touch(p)
		say(w, http.StatusOK, r.people[i])
	}
}

func (r *roster) remove(w http.ResponseWriter, q *http.Request) {
	i := r.find(q.PathValue("id"))
	if i < 0 {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	r.people = slices.Delete(r.people, i, i+1)
	r.writes++
	w.WriteHeader(http.StatusNoContent)
}

func (r *roster) listTeams(w http.ResponseWriter, _ *http.Request) {
	found := []map[string]string{}
	for key, title := range r.teams {
		found = append(found, map[string]string{"key": key, "title": title})
	}
	say(w, http.StatusOK, map[string]any{"teams": found})
}

func (r *roster) putTeam(w http.ResponseWriter, q *http.Request) {
	var t struct{ Title string }
	if json.NewDecoder(q.Body).Decode(&t) != nil {
		refuse(w, http.StatusBadRequest, "not storable")
		return
	}
	r.teams[q.PathValue("key")] = t.Title
	r.writes++
	say(w, http.StatusOK, map[string]string{"key": q.PathValue("key"), "title": t.Title})
}

func (r *roster) removeTeam(w http.ResponseWriter, q *http.Request) {
	key := q.PathValue("key")
	if _, ok := r.teams[key]; !ok {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	delete(r.teams, key)
	for i, p := range r.people {
		if slices.Contains(p.Teams, key) {
			p.Teams = slices.DeleteFunc(slices.Clone(p.Teams), func(other string) bool { return other == key })
			r.people[i] = r.touch(p)
		}
	}
	r.writes++
	w.WriteHeader(http.StatusNoContent)
}
