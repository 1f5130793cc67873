package insight

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// Lead is a change that a stage of production runs for the first time.
type Lead struct {
	SHA, Title string
	Pull       int
	From       time.Time // its push to the branch
	To         time.Time // when its deployment was proved
	Parts      []history.Wait
}

// Time is how long it took.
func (l Lead) Time() time.Duration { return l.To.Sub(l.From) }

// Parts of a lead time that the row of a change does not have.
const (
	// PartCarried is from a change's own end, superseded or failed, until a newer one that contains it was proved.
	PartCarried history.Part = "carried by a newer change"
	// PartUnrecorded is what no row tells.
	PartUnrecorded history.Part = "not recorded"
)

// leads finds the changes that come with a deployment: the deployed one, and every one that was pushed before it and after
// the newest that the stage has run.
type leads struct {
	changes []Outcome
	at      map[string]int             // in changes, by commit
	have    map[string]map[string]bool // by stage: the commits that it has run, or that came with them
}

func newLeads(l *Ledger) *leads {
	is := &leads{changes: l.Changes, at: make(map[string]int, len(l.Changes)), have: map[string]map[string]bool{}}
	for i := range is.changes {
		is.at[is.changes[i].SHA] = i
	}
	return is
}

// ran notes that a stage has run a commit.
func (l *leads) ran(stage, sha string) {
	if l.have[stage] == nil {
		l.have[stage] = map[string]bool{}
	}
	if sha != "" {
		l.have[stage][sha] = true
	}
}

// of are the changes that come with a deployment, the oldest first.
func (l *leads) of(d *Deploy, cfg bot.Config) (list []Lead) {
	i, known := l.at[d.SHA]
	if !known {
		return nil
	}
	for ; i >= 0 && !l.have[d.Stage][l.changes[i].SHA]; i-- {
		c := l.changes[i].Change
		if c.Outcome == history.OutcomeUnaffected {
			continue
		}
		l.ran(d.Stage, c.SHA)
		if c.PushedAt.IsZero() {
			continue // no push brought it
		}
		lead := Lead{SHA: c.SHA, Title: c.Title, Pull: c.Pull, From: c.PushedAt, To: d.Proved}
		if lead.To.Before(lead.From) {
			lead.To = lead.From // the clocks differ
		}
		lead.Parts = parts(c, lead.Time(), c.SHA == d.SHA, d.Stage, cfg.StageNames())
		list = append(list, lead)
	}
	slices.Reverse(list)
	return list
}

// parts says where the time of a change went until a stage had proved it, with the deployed commit itself or by a newer
// one. They add up to whole.
func parts(c *history.Change, whole time.Duration, itself bool, stage string, stages []string) (list []history.Wait) {
	until := slices.Index(stages, stage)
	for _, w := range c.Waits {
		if w.For = min(w.For, whole); w.For <= 0 || slices.Index(stages, w.Stage) > until {
			continue
		}
		list = append(list, w)
		whole -= w.For
	}
	if whole > 0 {
		rest := history.Wait{Part: PartCarried, For: whole}
		if itself {
			rest.Part = PartUnrecorded
		}
		list = append(list, rest)
	}
	return list
}
