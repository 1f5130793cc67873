package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// busy is the world of a team with many pipelines: each situation, and some at rest.
func busy(t testing.TB, w *world) {
	w.freeze = bot.OperatorFreeze{On: true, By: "root", Reason: "the data centre is hot"}
	w.put(api, live(t))
	for _, s := range situations {
		if s.name != "new" && s.name != "twelve_stages" {
			w.putMore("acme", strings.ReplaceAll(s.name, "_", "-"), s.tell(t))
		}
	}
	w.putCalm("service-%d", 8, live(t))
}

// putMore puts a tale into a pipeline of its own, which mia sees.
func (w *world) putMore(owner, name string, s *tale) {
	key := bot.Key{Repo: bot.Repo{Owner: owner, Name: name}}
	w.mu.Lock()
	state := s.State
	state.Pipeline, state.RepoID = key, int64(1000+len(w.more))
	w.states[key], w.more, w.sees["mia"], w.now = state, append(w.more, key), append(w.sees["mia"], state.RepoID), s.Now
	w.moved(key)
	w.mu.Unlock()
}

// putCalm puts n pipelines of acme's that tell the same tale.
func (w *world) putCalm(name string, n int, s *tale) {
	for i := range n {
		w.putMore("acme", fmt.Sprintf(name, i), s)
	}
}

// What is kept of pipelines at rest says the same as their states.
func TestHomeSaysTheSameOfWhatIsKept(t *testing.T) {
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			tale, w := s.tell(t), newWorld(t)
			w.put(shop, tale)
			kept := w.browser().signIn("mia").get("/").body
			w.unrecorded = true
			w.put(shop, tale)
			if read := w.browser().signIn("mia").get("/").body; kept != read {
				t.Errorf("the home page should say what the states say:\n%s\nit says:\n%s", read, kept)
			}
		})
	}
}

// However many pipelines are at rest, only the states of the others are read.
func TestHomeReadsNoStateAtRest(t *testing.T) {
	w := newWorld(t)
	w.put(api, live(t))
	w.putCalm("calm-%03d", 150, live(t))
	w.put(shop, next(t))
	mia := w.browser().signIn("mia")
	w.loaded = 0
	p := mia.get("/")
	if w.loaded != 1 {
		t.Errorf("one state should be read, that of the pipeline which moves; %d were", w.loaded)
	}
	if !strings.Contains(p.body, `Quiet <span class="count">151</span>`) || !strings.Contains(p.body, `Moving <span class="count">1</span>`) {
		t.Errorf("151 pipelines are quiet, and one moves:\n%s", p)
	}
}

var (
	named = regexp.MustCompile(`data-label="Pipeline"><a href="[^"]*"><bdi>([^<]*)`)
	onto  = regexp.MustCompile(`<a href="([^"]*)#quiet">The next pipelines`)
)

// The quiet pipelines are listed a hundred at a time, each once.
func TestHomeListsAllThatIsQuiet(t *testing.T) {
	w := newWorld(t)
	calm := live(t)
	w.put(api, calm)
	w.put(shop, calm)
	w.putCalm("calm-%03d", 248, calm)
	mia, seen := w.browser().signIn("mia"), map[string]int{}
	path, pages := "/", 0
	for ; path != ""; pages++ {
		body := mia.get(path).body
		for _, m := range named.FindAllStringSubmatch(body, -1) {
			seen[m[1]]++
		}
		path = ""
		if m := onto.FindStringSubmatch(body); m != nil {
			path = m[1]
		}
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s is listed %d times", name, n)
		}
	}
	if len(seen) != 250 || pages != 3 {
		t.Errorf("250 pipelines should be on 3 pages; %d are on %d", len(seen), pages)
	}
	found := mia.get("/?find=CALM-24").body
	if got := len(named.FindAllString(found, -1)); got != 8 {
		t.Errorf("8 pipelines have calm-24 in their names; %d were found:\n%s", got, found)
	}
	if body := mia.get("/?find=till").body; !strings.Contains(body, "No pipeline that you can see has “till” in its name.") {
		t.Errorf("far/till is nobody's whom GitHub does not show it:\n%s", body)
	}
}

// The home page follows what happens, also pipelines that begin meanwhile.
func TestHomeFollowsTheStates(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	b := w.browser().signIn("mia")
	f := b.follow(t, "/live", seenIn(t, b.get("/").body), "")
	w.put(shop, next(t))
	parts, _ := f.next()
	if !strings.Contains(parts["moving"], "Fix the till") || strings.Contains(parts["quiet"], ">acme/shop<") {
		t.Errorf("acme/shop should have moved from the quiet ones to those that move: %v", parts)
	}
	wall := b.follow(t, "/live", "&wall", "")
	if parts, _ := wall.next(); parts["quiet"] != "" || parts["moving"] == "" {
		t.Errorf("on the wall is what moves, and no list of what is quiet: %v", parts)
	}
}

// Another instance's change shows within a second or so: the list is read anew then.
func TestHomeSeesOtherInstances(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	b := w.browser().signIn("mia")
	f := b.follow(t, "/live", seenIn(t, b.get("/").body), "")
	s := next(t)
	w.mu.Lock()
	state := s.State
	state.RepoID, state.Pipeline = shopID, shop
	w.states[shop], w.now = state, s.Now
	w.versions[shop]++ // and nothing tells
	w.mu.Unlock()
	for deadline := time.Now().Add(15 * time.Second); ; {
		parts, _ := f.next()
		if strings.Contains(parts["moving"], "Fix the till") {
			return
		}
		if parts == nil || time.Now().After(deadline) {
			t.Fatal("the page should show what another instance has written")
		}
	}
}
