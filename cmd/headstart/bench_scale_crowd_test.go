package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// crowd answers for repositories and apps that only a filled database knows. They are
// copies of one team's: what a process asks about a copy is answered as of the team.
// Everything else goes on to the stand-ins.
type crowd struct {
	gh            *githubtest.Server
	heroku        *herokutest.Server
	team          *team
	installations int

	mu    sync.Mutex
	asked map[int64]int  // guarded by mu: requests to GitHub by installation, but for tokens
	spoke map[string]int // guarded by mu: requests by what they are for
	head  []byte         // guarded by mu: the answer about the team's branch; nil: not asked yet
	since time.Time      // guarded by mu: when the hour of the installations began
}

const (
	// Numbers and names of the copies: repository i is crowdRepos+i, past-K/shop-i, of
	// installation crowdInstallations+K, where K is i modulo the number of those.
	crowdInstallations = 900_000_000
	crowdRepos         = 800_000_000
	crowdOwner         = "past-"
	crowdApp           = "-past-" // between the name of the team's app and i
	crowdLimit         = 5000     // requests an hour of each installation, as GitHub's least
)

func newCrowd(w *chaosWorld, installations int) *crowd {
	return &crowd{gh: w.gh, heroku: w.heroku, team: w.teams[0], installations: installations, asked: map[int64]int{}, spoke: map[string]int{}, since: time.Now()}
}

// onGitHub is what a process takes for GitHub.
func (c *crowd) onGitHub(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/app/installations/"); ok {
		text, _, _ := strings.Cut(rest, "/")
		if id, err := strconv.ParseInt(text, 10, 64); err == nil && id >= crowdInstallations && id < crowdInstallations+int64(c.installations) {
			c.giveToken(w, r, id)
			return
		}
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/repos/"+crowdOwner)
	if !ok {
		c.gh.ServeHTTP(w, r)
		return
	}
	owner, rest, _ := strings.Cut(rest, "/")
	k, _ := strconv.ParseInt(owner, 10, 64)
	_, what, _ := strings.Cut(rest, "/")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[k]++
	c.spoke["GitHub: "+what]++
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(crowdLimit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, crowdLimit-c.asked[k])))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(c.since.Add(time.Hour).Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
	h.Set("Content-Type", "application/json")
	if what != "branches/main" || c.head == nil {
		http.Error(w, `{"message":"Not Found"}`, http.StatusNotFound)
		return
	}
	w.Write(c.head)
}

// giveToken gives out a token for one repository. Answers to this say nothing of limits.
func (c *crowd) giveToken(w http.ResponseWriter, r *http.Request, installation int64) {
	var asks struct {
		IDs []int64 `json:"repository_ids"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asks); err != nil || len(asks.IDs) != 1 {
		http.Error(w, `{"message":"expected one repository"}`, http.StatusUnprocessableEntity)
		return
	}
	c.mu.Lock()
	c.spoke["GitHub: tokens"]++
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	i := asks.IDs[0] - crowdRepos
	fmt.Fprintf(w, `{"token":"ghs_crowd%d","expires_at":%q,"repositories":[{"id":%d,"full_name":"%s%d/shop-%d"}]}`,
		i, time.Now().Add(time.Hour).UTC().Format(time.RFC3339), asks.IDs[0], crowdOwner, installation-crowdInstallations, i)
}

// onHeroku is what a process takes for Heroku.
func (c *crowd) onHeroku(w http.ResponseWriter, r *http.Request) {
	for _, app := range c.team.apps() {
		rest, ok := strings.CutPrefix(r.URL.Path, "/apps/"+app.Name()+crowdApp)
		if !ok {
			continue
		}
		_, what, _ := strings.Cut(rest, "/")
		c.mu.Lock()
		c.spoke["Heroku: apps/"+what]++
		c.mu.Unlock()
		r.URL.Path = strings.TrimSuffix("/apps/"+app.Name()+"/"+what, "/")
		break
	}
	c.heroku.ServeHTTP(w, r)
}

// knowHead keeps what GitHub answers about the team's branch.
func (c *crowd) knowHead(b *testing.B, sha, tree string) {
	head, err := json.Marshal(map[string]any{"name": "main", "commit": map[string]any{"sha": sha,
		"commit": map[string]any{"message": "change", "author": map[string]string{"name": "sam"}, "tree": map[string]string{"sha": tree}},
		"author": map[string]string{"login": "sam"}}})
	if err != nil {
		b.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head = head
}

// take returns what was asked since the last time: by what for, and by installation.
func (c *crowd) take() (spoke map[string]int, asked map[int64]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	spoke, asked = c.spoke, c.asked
	c.spoke, c.asked = map[string]int{}, map[int64]int{}
	return spoke, asked
}
