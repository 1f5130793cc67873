package bottest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// History keeps the rows of one pipeline's history as a database does: the newest of each key. It holds them to what
// must be true of any history.
type History struct {
	rows   map[string]history.Entry
	keys   []string                     // in the order of their first rows
	proved map[string]history.Promotion // by stage: the newest that was proved
}

// Rows are the rows, in the order in which their keys first came.
func (h *History) Rows() (list []history.Entry) {
	for _, key := range h.keys {
		list = append(list, h.rows[key])
	}
	return list
}

// Clone is the history as it is now.
func (h *History) Clone() History {
	return History{rows: maps.Clone(h.rows), keys: slices.Clone(h.keys), proved: maps.Clone(h.proved)}
}

// Take takes the rows of one commit, which has led from one state to another. The error says what must never be.
func (h *History) Take(rows []history.Entry, after pipeline.State) error {
	if h.rows == nil {
		h.rows, h.proved = map[string]history.Entry{}, map[string]history.Promotion{}
	}
	var seen []string
	for _, row := range rows {
		key := keyOf(row)
		if slices.Contains(seen, key) {
			return fmt.Errorf("the row %s is written twice by one commit", key)
		}
		seen = append(seen, key)
		was, known := h.rows[key]
		if !known {
			h.keys = append(h.keys, key)
		}
		if err := follows(was, row); err != nil {
			return err
		}
		h.rows[key] = row
		if p, ok := row.(history.Promotion); ok && !p.Proved.IsZero() && p.N >= h.proved[p.Stage].N {
			h.proved[p.Stage] = p
		}
	}
	return h.tells(after)
}

// keyOf is a row's key, as people read it.
func keyOf(row history.Entry) string {
	switch row := row.(type) {
	case history.Change:
		return "change " + row.SHA
	case history.Promotion:
		return fmt.Sprintf("promotion %s %d", row.Stage, row.N)
	case history.Process:
		return "process " + row.At.Format(time.RFC3339Nano)
	case history.Audit:
		return "audit " + row.ID
	}
	panic(fmt.Sprintf("%T has no key", row))
}

// follows holds a row to the one that it replaces, and to itself.
func follows(was, row history.Entry) error {
	switch row := row.(type) {
	case history.Change:
		if old, ok := was.(history.Change); ok && old.SeenAt.Equal(row.SeenAt) && old.Outcome == history.OutcomeLive &&
			(row.Outcome != old.Outcome || !row.EndedAt.Equal(old.EndedAt)) {
			return fmt.Errorf("the change %s is live since %s, and is told to be %s since %s", row.SHA, old.EndedAt, row.Outcome, row.EndedAt)
		}
		if (row.Outcome == "") != row.EndedAt.IsZero() {
			return fmt.Errorf("the change %s is %q, and has ended at %s", row.SHA, row.Outcome, row.EndedAt)
		}
		sum := time.Duration(0)
		for _, w := range row.Waits {
			if sum += w.For; w.For <= 0 {
				return fmt.Errorf("the change %s spent %s with %s", row.SHA, w.For, w.Part)
			}
		}
		if row.Outcome != "" && sum != row.EndedAt.Sub(row.PushedAt) {
			return fmt.Errorf("the parts of the change %s sum up to %s, it took %s: %v", row.SHA, sum, row.EndedAt.Sub(row.PushedAt), row.Waits)
		}
	case history.Promotion:
		if old, ok := was.(history.Promotion); ok && !old.Ended.IsZero() && (old.Ended != row.Ended || old.SHA != row.SHA || !slices.Contains(then[old.Result], row.Result)) {
			return fmt.Errorf("the promotion %s %d has ended as %+v, and is told to be %+v", row.Stage, row.N, old, row)
		}
		if (row.Result == "") != row.Ended.IsZero() || !row.Ended.IsZero() && row.Ended.Before(row.Began) {
			return fmt.Errorf("the promotion %s %d is %q, and went from %s to %s", row.Stage, row.N, row.Result, row.Began, row.Ended)
		}
	}
	return nil
}

// then are the results that one may turn into: what was proved may turn out not to stay healthy.
var then = map[history.Result][]history.Result{
	history.ResultProved:     {history.ResultProved, history.ResultUnproved},
	history.ResultUnproved:   {history.ResultUnproved},
	history.ResultFailed:     {history.ResultFailed},
	history.ResultUnverified: {history.ResultUnverified},
	history.ResultGivenUp:    {history.ResultGivenUp},
}

// tells holds the rows to a state: what is live on a stage came by the newest promotion that was proved there, and a
// candidate that has ended has a row that says so.
func (h *History) tells(s pipeline.State) error {
	for name, st := range s.Stages {
		if st.Live.SHA == "" || st.Live.Adopted != nil {
			continue
		}
		newest := h.proved[name]
		if newest.SHA != st.Live.SHA || !newest.Proved.Equal(st.Live.Since) {
			return fmt.Errorf("%s runs %s since %s, and the newest promotion of it that was proved is %+v", name, st.Live.SHA, st.Live.Since, newest)
		}
	}
	for i := range s.Candidates {
		if !s.Configured {
			break
		}
		c := &s.Candidates[i]
		row, ok := h.rows["change "+c.SHA].(history.Change)
		if !ok || row.Outcome != c.Way.Ending.Outcome {
			return fmt.Errorf("%s is %q by what is known, and the row of the change is %+v", c.SHA, c.Way.Ending.Outcome, row)
		}
	}
	return nil
}

// Replay makes a history of events, one by one, and returns it with the state that they lead to.
func Replay(s pipeline.State, events []bot.Event) (*History, error) {
	h := &History{}
	for _, e := range events {
		next := apply.Apply(s, e)
		if err := h.Take(history.Chronicle(s, next), next); err != nil {
			return nil, fmt.Errorf("replayed one by one, after %s: %w", bot.NameOf(e.Fact), err)
		}
		s = next
	}
	return h, nil
}

// Differs says how two histories differ; empty: they do not.
func (h *History) Differs(o *History) string {
	for key, row := range h.rows {
		if !reflect.DeepEqual(row, o.rows[key]) {
			return fmt.Sprintf("%s is\n%+v\nand\n%+v", key, row, o.rows[key])
		}
	}
	for key := range o.rows {
		if _, ok := h.rows[key]; !ok {
			return key + " is there only once"
		}
	}
	return ""
}
