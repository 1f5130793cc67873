package main

import (
	"fmt"
	gotoken "go/token"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

const webhookPage = root + "docs/internals/one-webhook.md"

// walk is one table of the page.
type walk struct {
	name  string
	steps []step
}

// step is a function that the page names in the first column of a table.
type step struct {
	name string
	// handed says that what comes before does not call it: it is handed over, to another
	// goroutine or as a function value.
	handed bool
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	function = regexp.MustCompile(`^[a-z]+\.(\(\*[A-Za-z]+\)\.|[A-Za-z]+\.)?[A-Za-z]+$`)
	handOver = "⇒"
)

// readWalks reads the tables, and all functions that the page names.
func readWalks(t *testing.T) (page string, walks []walk, named []string) {
	t.Helper()
	content, err := os.ReadFile(webhookPage)
	if err != nil {
		t.Fatal(err)
	}
	page = string(content)
	for line := range strings.Lines(page) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			walks = append(walks, walk{name: strings.TrimSpace(title)})
		}
		for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
			if function.MatchString(m[1]) {
				named = append(named, m[1])
			}
		}
		if !strings.HasPrefix(line, "| ") || len(walks) == 0 {
			continue
		}
		first := strings.Split(line, "|")[1]
		for _, at := range codeSpan.FindAllStringSubmatchIndex(first, -1) {
			if name := first[at[2]:at[3]]; function.MatchString(name) {
				last := &walks[len(walks)-1]
				last.steps = append(last.steps, step{name, strings.HasSuffix(strings.TrimSpace(first[:at[0]]), handOver)})
			}
		}
	}
	return page, slices.DeleteFunc(walks, func(w walk) bool { return len(w.steps) == 0 }), named
}

// Each step of the page is called by one before it, behind what that one called for the
// step in between; or it is marked as handed over.
func TestOneWebhookInTheCode(t *testing.T) {
	t.Parallel()
	page, walks, named := readWalks(t)
	g := newCallGraph(t)
	for _, name := range named {
		if g.file[name] == "" {
			t.Errorf("the page names %s, which is not there", name)
		}
	}
	if len(walks) != 4 {
		t.Fatalf("the page should have the receipt and three laps, it has %d tables", len(walks))
	}
	for _, w := range walks {
		for _, wrong := range g.misses(w) {
			t.Error(wrong)
		}
		// A page that tells two steps the wrong way round is found out.
		for i := 0; i+1 < len(w.steps); i++ {
			if w.steps[i].handed || w.steps[i+1].handed {
				continue
			}
			other := walk{w.name, slices.Clone(w.steps)}
			other.steps[i], other.steps[i+1] = other.steps[i+1], other.steps[i]
			if len(g.misses(other)) == 0 {
				t.Errorf("%s: that %s comes before %s could be told the other way round, and nobody would notice", w.name, w.steps[i].name, w.steps[i+1].name)
			}
		}
	}
	calls, steps, files := 0, map[string]bool{}, map[string]bool{}
	for _, w := range walks {
		for _, s := range w.steps {
			calls++
			steps[s.name], files[g.file[s.name]] = true, true
		}
	}
	if said := fmt.Sprintf("%d functions in %d files, and %d calls", len(steps), len(files), calls); !strings.Contains(page, said) {
		t.Errorf("the page should say that it names %s", said)
	}
}

// misses says where a step is not called by one before it, behind what that one called
// for the steps in between.
func (g *callGraph) misses(w walk) (wrong []string) {
	type open struct {
		name string
		at   gotoken.Pos // in it, of what it called last
	}
	var stack []open
	for i, s := range w.steps {
		if i > 0 && !s.handed {
			// The innermost of those under way that calls it at all.
			caller := len(stack) - 1
			for caller >= 0 && g.after(stack[caller].name, s.name, 0) == 0 {
				caller--
			}
			var at gotoken.Pos
			if caller >= 0 {
				at = g.after(stack[caller].name, s.name, stack[caller].at)
			}
			before := w.steps[i-1].name
			if at == 0 || g.after(before, s.name, 0) == 0 && g.after(s.name, before, 0) != 0 {
				wrong = append(wrong, fmt.Sprintf("%s: %s comes after %s on the page, but not in the code", w.name, s.name, before))
				continue
			}
			stack = stack[:caller+1]
			stack[caller].at = at
		}
		stack = append(stack, open{name: s.name})
	}
	return wrong
}

// glimpse is which functions of Headstart were being called at a moment, the outermost
// first.
type glimpse []string

// calls reports whether one function is called by another one, or by what it calls.
func (seen glimpse) calls(from, to string) bool {
	i := slices.Index(seen, from)
	return i >= 0 && slices.Contains(seen[i+1:], to)
}

// holdAgainst fails the test where a function was called by one that comes after it on the
// page, and returns how many of the walk's functions were seen.
func (w walk) holdAgainst(t *testing.T, seen glimpse) (found int) {
	t.Helper()
	last := -1
	for _, name := range seen {
		at := slices.IndexFunc(w.steps, func(s step) bool { return s.name == name })
		if at < 0 {
			continue
		}
		if found++; at < last {
			t.Errorf("%s: %s was called by %s, which comes after it on the page", w.name, name, w.steps[last].name)
		}
		last = at
	}
	return found
}

// The steps are taken in a real run, in the order of the page: whoever asks for the time
// shows by whom it was called. And the events are those of the page.
func TestOneWebhookInARun(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		page, walks, _ := readWalks(t)
		b.firstDeploy()
		b.gh.OnDelivery(onlySuites)
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.pass(5 * time.Minute)

		var mu sync.Mutex
		var trace []glimpse
		var events []string
		b.onState = func(c engine.Commit) {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range c.Events {
				events = append(events, eventOnPage(e.Fact))
			}
		}
		b.clock.Listen(func() {
			seen := callers()
			mu.Lock()
			defer mu.Unlock()
			trace = append(trace, seen)
		})
		b.must(run.Complete("success"))
		b.settle()
		b.clock.Listen(nil)
		mu.Lock()
		defer mu.Unlock()

		unseen := 0
		for _, w := range walks {
			most := 0
			for _, seen := range trace {
				most = max(most, w.holdAgainst(t, seen))
			}
			if most < 3 {
				t.Errorf("%s: a run shows at most %d of its functions at once", w.name, most)
			}
			for i, s := range w.steps {
				if s.handed && !slices.ContainsFunc(trace, func(seen glimpse) bool { return seen.calls(w.steps[i-1].name, s.name) }) {
					t.Logf("%s: that %s gets to %s is not seen in a run", w.name, w.steps[i-1].name, s.name)
					unseen++
				}
			}
		}
		if unseen > 1 { // the group of deliveries: nobody asks for the time there
			t.Errorf("a run does not show %d of the hand-overs", unseen)
		}

		told := regexp.MustCompile("(?m)^Events: (.*)$").FindAllStringSubmatch(page, -1)
		at := 0
		for _, line := range told {
			for _, m := range codeSpan.FindAllStringSubmatch(line[1], -1) {
				i := slices.Index(events[at:], m[1])
				if i < 0 {
					t.Fatalf("the page tells of the event %s, which is not among %v", m[1], events[at:])
				}
				at += i + 1
			}
		}
		if len(told) != 3 {
			t.Errorf("each lap should tell its events; %d do", len(told))
		}
	})
}

func eventOnPage(f bot.Fact) string {
	switch f := f.(type) {
	case bot.Started:
		return "Started " + bot.NameOf(f.Effect.Do)
	case bot.Finished:
		return "Finished " + bot.NameOf(f.Effect.Do) + ": " + bot.NameOf(f.Fact)
	}
	return bot.NameOf(f)
}

var closure = regexp.MustCompile(`(\.func\d+|\.\d+|\[\.\.\.\])+$`)

var inlined = regexp.MustCompile(`^.*\.func\d+\.`)

// callers are the functions of the module on this goroutine's stack, the outermost first.
func callers() (list glimpse) {
	pc := make([]uintptr, 100)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, module) && !strings.HasSuffix(f.File, "_test.go") {
			name := f.Function[strings.LastIndex(f.Function, "/")+1:]
			if strings.HasPrefix(f.Function, module+"cmd/headstart.") {
				name = "main" + strings.TrimPrefix(name, "headstart")
			}
			name = closure.ReplaceAllString(name, "")
			if i := inlined.FindStringIndex(name); i != nil { // into a closure of another function
				name = name[:strings.Index(name, ".")+1] + name[i[1]:]
			}
			list = append(list, name)
		}
		if !more {
			slices.Reverse(list)
			return firstOfEach(list)
		}
	}
}

// firstOfEach leaves out what a function calls that is itself, or a closure of its own.
func firstOfEach(list glimpse) glimpse {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
}
