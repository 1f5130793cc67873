package web

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/render"
	"github.com/headstart-cd/headstart/bot/words"
)

// reading is a pipeline's state at a time, as pages tell of it. Its texts are plain: the templates escape them.
type reading struct {
	view      *gate.View
	explained gate.Explanation
	github    string
	sees      func(bot.Key) bool // which other pipelines the viewer may see
	acts      bool               // commands can be given
}

// newReading reads a state for somebody who may see its repository, and of others what sees says. Its texts name other
// repositories only if they are public, as they do where everybody reads them.
func newReading(state pipeline.State, now time.Time, github string, sees func(bot.Key) bool) *reading {
	state.Visibility = bot.Public
	v := gate.NewSettledView(&state, now)
	r := &reading{view: v, explained: v.Explain(), github: github, sees: sees}
	for _, x := range r.explained.Candidates {
		for i := range x.Stages {
			stage := &x.Stages[i]
			stage.Gates = slices.Clone(stage.Gates) // which are the view's
			for n := range stage.Gates {
				stage.Gates[n] = r.discreet(stage.Gates[n])
			}
			stage.Blocked = r.discreet(stage.Blocked)
		}
	}
	return r
}

// discreet returns the gate without what another pipeline runs, if the viewer may not see that one.
func (r *reading) discreet(g gate.Gate) gate.Gate {
	if r.namesUnseen(g.Text) {
		g.Text, g.Who, g.Next = unseenPipeline, "the other pipeline", ""
	}
	return g
}

const unseenPipeline = "waiting for another pipeline, which you do not see"

// namesUnseen reports whether a text tells of another pipeline that the viewer may not see.
func (r *reading) namesUnseen(text string) bool {
	for _, stage := range r.view.State.Config.Stages {
		for _, need := range stage.Needs {
			if !r.sees(need.Pipeline) && strings.Contains(text, need.String()) {
				return true
			}
		}
	}
	return false
}

// level is how much attention a pipeline asks for. It is a class in the stylesheet and a word for people, so that
// colour says nothing alone.
type level string

const (
	needsSomebody level = "needs somebody"
	moving        level = "moving"
	waits         level = "waits"
	quiet         level = "quiet"
	idle          level = "idle" // there is nothing yet
)

// Class is the level in the stylesheet.
func (l level) Class() string { return strings.ReplaceAll(string(l), " ", "-") }

// Mark is the sign beside the word.
func (l level) Mark() string {
	return map[level]string{needsSomebody: "!", moving: "→", waits: "…", quiet: "✓", idle: "–"}[l]
}

// Path draws the mark in an image of 16 × 16, for where a font may lack it.
func (l level) Path() string {
	return map[level]string{
		needsSomebody: "M8 2v7M8 12v2", moving: "M2 8h11M9 4l4 4-4 4", waits: "M5 3v10M11 3v10", quiet: "M2 9l4 4 8-9", idle: "M4 8h8",
	}[l]
}

// summary is where a pipeline stands, in a sentence.
type summary struct {
	Level    level
	Commit   commit // zero: it is about none
	Text     string // completes the commit; else a sentence
	Reason   string // why, as a sentence; may be empty
	Next     string // what somebody can do; empty: nothing
	Who      string // without Next: who or what it is up to; may be empty
	Since    moment
	Expected moment // when it is live in the last stage, going by earlier deploys; zero: nobody can say
}

// commit is a candidate as people know it.
type commit struct {
	SHA                  string
	Short, Title, Author string
	Page                 string // here; empty: there is none
	URL                  string // on GitHub; empty: it is not a commit there
	Pull                 int
	PullURL              string
}

// summary tells of the newest candidate that is on its way, else of what runs.
func (r *reading) summary() summary {
	s := r.view.State
	if !s.Configured {
		text := "Nothing is deployed: there is no valid .github/headstart.yml on the branch yet."
		if len(s.Candidates) > 0 || len(s.Names) > 0 {
			text = "Nothing is deployed: " + s.NoFile() + "."
		}
		return summary{Level: needsSomebody, Text: text, Next: "add the pipeline's file to the branch that is deployed"}
	}
	if len(r.explained.Candidates) > 0 {
		x := r.explained.Candidates[0]
		if c := s.Candidate(x.SHA); c != nil {
			return r.onItsWay(c, x)
		}
	}
	if failed, ok := r.newestFailed(); ok {
		return failed
	}
	last := r.view.LastStage()
	live := s.Stage(last).Live
	if live.SHA == "" {
		return summary{Level: quiet, Text: fmt.Sprintf("Nothing has been released to %s yet.", last), Next: "push to " + s.Branch()}
	}
	return summary{Level: quiet, Commit: r.commit(live.SHA), Text: "is live on " + last + ". Nothing is on its way.", Since: momentOf(live.Since, r.view.Now)}
}

// onItsWay says what a candidate waits for, or what happens to it.
func (r *reading) onItsWay(c *pipeline.Candidate, x gate.CandidateExplained) summary {
	is := summary{Level: waits, Commit: r.commit(c.SHA)}
	if at, ok := render.Expected(r.view, c); ok && at.Sub(r.view.Now) > time.Minute {
		is.Expected = momentOf(at, r.view.Now)
	}
	for _, stage := range x.Stages {
		switch {
		case stage.State == pipeline.ProgressLive, stage.State == pipeline.ProgressSkipped:
			continue
		case stage.State == pipeline.ProgressReleasing:
			is.Level, is.Text, is.Since = moving, "is on its way to "+stage.Stage+".", momentOf(stage.Since, r.view.Now)
			if n := render.StageStatus(r.view, c, stage.Stage); n != nil {
				is.Reason = sentence(n.Text)
			}
			return is
		case stage.Blocked.Name == "":
			is.Level, is.Text = moving, "enters "+stage.Stage+"."
			return is
		}
		g := stage.Blocked
		is.Text, is.Reason, is.Since = "waits before "+stage.Stage+".", sentence(g.Text), momentOf(g.Since, r.view.Now)
		if what, ok := strings.CutPrefix(g.Text, "waiting for "); ok {
			is.Text, is.Reason = "waits before "+stage.Stage+", for "+what+".", ""
		}
		is.Next, is.Who = g.Next, g.Who
		if g.Name == gate.Approval && g.Next == "" {
			is.Next = "comment /approve " + r.view.State.Qualified(stage.Stage)
		}
		switch {
		case g.State == gate.Closed, g.Name == gate.Approval:
			is.Level = needsSomebody
		case g.Name == gate.Build, g.Name == gate.Checks, g.Name == gate.Slot, g.Name == gate.Proof:
			is.Level = moving
		}
		return is
	}
	is.Text = "has passed every stage."
	return is
}

// newestFailed tells of the newest candidate, if it did not get through.
func (r *reading) newestFailed() (summary, bool) {
	if c := r.newest(); c != nil {
		return r.failed(c)
	}
	return summary{}, false
}

// newest is the newest candidate; nil: there is none.
func (r *reading) newest() *pipeline.Candidate {
	if n := len(r.view.State.Candidates); n > 0 {
		return &r.view.State.Candidates[n-1]
	}
	return nil
}

// failed tells of a candidate that did not get through.
func (r *reading) failed(c *pipeline.Candidate) (summary, bool) {
	s := r.view.State
	for _, stage := range s.Config.StageNames() {
		p := c.Progress[stage]
		is := summary{Level: needsSomebody, Commit: r.commit(c.SHA), Since: momentOf(p.EndedAt, r.view.Now), Reason: sentence(p.Reason)}
		switch p.State {
		case pipeline.ProgressFailed:
			is.Text, is.Next = "failed on "+stage+".", "push a fix, or comment /retry "+s.Qualified(stage)
			return is, true
		case pipeline.ProgressRolledBack:
			is.Text, is.Reason, is.Since = "was "+cmp.Or(p.Reason, "rolled back")+" on "+stage+".", "", momentOf(s.Stage(stage).Live.Since, r.view.Now)
			is.Next = "push a fix, or comment /promote " + s.Qualified(stage)
			if s.Stage(stage).LockedAt(r.view.Now) != nil {
				is.Next = "comment /unlock " + s.Qualified(stage) + " when it is mended"
			}
			return is, true
		}
	}
	return summary{}, false
}

// stageGates are the gates of what is on its way before one stage, as /why explains them.
type stageGates struct {
	Stage string
	Said  string // it has entered: how far it is
	Shut  []gateRow
	Open  []string
}

type gateRow struct {
	Name, Text, Next, Who string
	Closed                bool
	Since, Until          moment
}

// gates explains the newest candidate that is on its way; nil: there is none.
func (r *reading) gates() (list []stageGates) {
	if len(r.explained.Candidates) == 0 {
		return nil
	}
	return r.gatesOf(r.explained.Candidates[0])
}

// gatesOf explains one candidate.
func (r *reading) gatesOf(x gate.CandidateExplained) (list []stageGates) {
	for _, stage := range x.Stages {
		is := stageGates{Stage: stage.Stage}
		if stage.State != "" {
			is.Said = progressWord(stage.State)
			if stage.Reason != "" {
				is.Said += ": " + stage.Reason
			}
		}
		for _, g := range stage.Gates {
			if g.State == gate.Open {
				is.Open = append(is.Open, g.Asked())
				continue
			}
			is.Shut = append(is.Shut, gateRow{
				Name: string(g.Name), Text: sentence(g.Text), Next: g.Next, Who: g.Who, Closed: g.State == gate.Closed,
				Since: momentOf(g.Since, r.view.Now), Until: momentOf(g.Until, r.view.Now),
			})
		}
		list = append(list, is)
	}
	return list
}

func progressWord(s pipeline.ProgressState) string {
	return map[pipeline.ProgressState]string{
		pipeline.ProgressReleasing: "being released", pipeline.ProgressLive: "live", pipeline.ProgressFailed: "failed",
		pipeline.ProgressRolledBack: "rolled back", pipeline.ProgressSkipped: "skipped",
	}[s]
}

// stageRow is one stage: what runs there, and what is on its way to it.
type stageRow struct {
	Name   string
	Live   commit // zero: nothing yet
	Since  moment
	Apps   []appLink
	Lock   string // why no promotion may enter; empty: the stage is not locked
	Locked moment
	Way    string   // what is being released; empty: nothing
	Notes  []string // what else people should know
	Acts   []act
}

type appLink struct{ Name, URL string }

// stages lists the stages in promotion order.
func (r *reading) stages() []stageRow {
	s := r.view.State
	if !s.Configured {
		return nil
	}
	rows := make([]stageRow, len(s.Config.Stages))
	for i, cfg := range s.Config.Stages {
		st := s.Stage(cfg.Name)
		row := stageRow{Name: cfg.Name}
		if st.Live.SHA != "" {
			row.Live, row.Since = r.commit(st.Live.SHA), momentOf(st.Live.Since, r.view.Now)
		}
		for _, app := range cfg.Apps {
			row.Apps = append(row.Apps, appLink{app, webAddress(st.Apps[app].URL)})
		}
		if g := r.view.LockGate(cfg.Name); g.State != gate.Open {
			row.Lock, row.Locked = sentence(g.Text), momentOf(g.Since, r.view.Now)
		}
		if p := st.Promoting; p != nil {
			row.Way = bot.Short(p.SHA) + " is being released"
			if p.Rollback != nil {
				row.Way = bot.Short(p.SHA) + " is being brought back"
			}
		}
		if f, app := st.Foreign(); f != nil {
			row.Notes = append(row.Notes, fmt.Sprintf("%s was released to %s by hand.", f.Name(), app))
		} else if st.Mixed() {
			row.Notes = append(row.Notes, "Its apps do not all run the same release.")
		}
		for _, g := range r.view.TimeGates(&pipeline.Candidate{}, cfg.Name) {
			if g.State != gate.Open && (g.Name != gate.Freeze || !s.Freeze.Active(r.view.Now)) { // that is said once, above
				row.Notes = append(row.Notes, sentence(g.Text))
			}
		}
		row.Acts = r.actsOn(cfg.Name)
		rows[i] = row
	}
	return rows
}

// wayRow is a candidate on its way.
type wayRow struct {
	Commit commit
	Said   string
	Since  moment // when it was pushed
}

// way lists what is on its way, the newest first.
func (r *reading) way() (rows []wayRow) {
	for _, x := range r.explained.Candidates {
		c := r.view.State.Candidate(x.SHA)
		if c == nil {
			continue
		}
		is := r.onItsWay(c, x)
		rows = append(rows, wayRow{Commit: is.Commit, Said: strings.TrimSpace(words.Capital(is.Text) + " " + is.Reason), Since: momentOf(c.Pushed(), r.view.Now)})
	}
	return rows
}

var isSHA = regexp.MustCompile(`^[0-9a-f]{40}$`)

// titleOnPage is how many characters of a title a page shows.
const titleOnPage = 100

// commit names a commit, as far as it is known.
func (r *reading) commit(sha string) commit {
	is := commit{SHA: sha, Short: bot.Short(sha)}
	if isSHA.MatchString(sha) {
		is.URL = r.repoURL() + "/commit/" + sha
	}
	if c := r.view.State.Candidate(sha); c != nil {
		is.Title, is.Author, is.Pull = redact.Cut(c.Title, titleOnPage), c.Author, c.Pull
		is.Page = r.candidatePath(c.SHA)
	}
	is.PullURL = r.pullURL(is.Pull)
	return is
}

func (r *reading) pullURL(number int) string {
	return pullURL(r.github, r.view.State.Pipeline.Repo, number)
}

func (r *reading) repoURL() string { return repoURL(r.github, r.view.State.Pipeline.Repo) }

// pullURL is where a pull request is on GitHub; empty for none.
func pullURL(github string, repo bot.Repo, number int) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf("%s/pull/%d", repoURL(github, repo), number)
}

// repoURL is where a repository is on GitHub.
func repoURL(github string, repo bot.Repo) string {
	return github + "/" + url.PathEscape(repo.Owner) + "/" + url.PathEscape(repo.Name)
}

// webAddress returns an address that a page may link to; empty for any other.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return address
}

// sentence makes one of a phrase; empty if that is.
func sentence(phrase string) string {
	if phrase == "" {
		return ""
	}
	return words.Capital(strings.TrimRight(phrase, ".")) + "."
}

// moment is a time on a page; zero: there is none.
type moment struct {
	Machine string // for <time datetime>
	Exact   string // for people who want to know
	Clock   string // the time of day, with the day if that is another one
	Text    string // as people say it
	Ago     bool   // Text says how long ago it was, and grows older
}

func momentOf(t, now time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	d := now.Sub(t)
	t, clock := t.UTC(), "15:04 UTC"
	if t.Format(time.DateOnly) != now.UTC().Format(time.DateOnly) {
		clock = "2 Jan 15:04 UTC"
	}
	return moment{
		Machine: t.Format(time.RFC3339), Exact: words.Moment(t), Clock: t.Format(clock), Text: ago(t, now), Ago: d >= 0 && d < 60*24*time.Hour,
	}
}

// ago says how long ago something was, or when it will be.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -24*time.Hour:
		return "on " + t.UTC().Format("2 Jan 15:04") + " UTC"
	case d < -time.Minute:
		return "at " + t.UTC().Format("15:04") + " UTC"
	case d < 0:
		return "in a moment"
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	case d < 60*24*time.Hour:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
	return "on " + t.UTC().Format("2 Jan 2006")
}
