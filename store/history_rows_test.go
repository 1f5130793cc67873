package store

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/history"
)

// statements counts what runs in a transaction.
type statements struct {
	tx
	ran []string
}

func (s *statements) exec(query string, _ ...any) (int64, error) {
	s.ran = append(s.ran, query)
	return 1, nil
}

func (s *statements) each(query string, _ []any, row func(scanner) error) error {
	s.ran = append(s.ran, query)
	return row(func(dest ...any) error { *dest[0].(*int64) = 7; return nil })
}

// A change costs one statement per table that it has rows of, and none if it has none.
func TestHistoryCosts(t *testing.T) {
	var all []history.Entry
	for n := range 40 {
		all = append(all, history.Change{SHA: strings.Repeat("a", n+1)}, history.Promotion{Stage: "production", N: n},
			history.Process{At: time.Unix(int64(n), 0)}, history.Audit{ID: strings.Repeat("a", n+1)})
	}
	for _, test := range []struct {
		what    string
		version int64
		known   bool // which number the pipeline has
		entries []history.Entry
		want    int
	}{
		{"nothing", 1, false, nil, 0},
		{"nothing, of a pipeline with a number", 1, true, nil, 0},
		{"a change", 1, true, all[:1], 1},
		{"a change, of a pipeline whose number is looked up", 1, false, all[:1], 2},
		{"a promotion with its change", 1, true, all[:2], 2},
		{"many rows of each", 1, true, all, 4},
	} {
		row, err := rowOf(engine.Change{Pipeline: bot.Key{Name: "shop"}, Version: test.version, History: test.entries}, false, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if test.known {
			row.known, row.before.number = true, 7
		}
		var s statements
		if err := row.saveHistory(&s); err != nil {
			t.Fatal(err)
		}
		if len(s.ran) != test.want {
			t.Errorf("%s should cost %d statements, it costs %d:\n%s", test.what, test.want, len(s.ran), strings.Join(s.ran, "\n"))
		}
	}
}
