package engine

import (
	"testing"
	"time"
)

// TestAlarm holds when the wake times are looked at: at once where one comes
// closer, and not for each commit.
func TestAlarm(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return noon.Add(d) }
	for _, tt := range []struct {
		what           string
		looking, next  time.Time // a commit's wake time while the store is asked, and what it answers
		wake, at       time.Time // a commit afterwards
		until          time.Time
		looksWhenAwake bool
	}{
		{"a later wake time changes nothing", time.Time{}, in(time.Minute), in(time.Hour), in(0), in(time.Minute), false},
		{"none changes nothing", time.Time{}, in(time.Minute), time.Time{}, in(0), in(time.Minute), false},
		{"an earlier one is looked at", time.Time{}, in(time.Minute), in(time.Second), in(0), in(time.Minute), true},
		{"one where there is none is looked at", time.Time{}, time.Time{}, in(time.Hour), in(0), time.Time{}, true},
		{"an earlier one that the store may have missed counts", in(time.Second), in(time.Minute), in(time.Hour), in(0), in(time.Second), false},
		{"so does the only one", in(time.Second), time.Time{}, time.Time{}, in(0), in(time.Second), false},
		{"after a while any commit is a reason", time.Time{}, in(time.Minute), time.Time{}, in(lookAfter), in(time.Minute), true},
	} {
		a := alarm{nudged: make(chan struct{}, 1)}
		a.look(noon)
		if a.committed(tt.looking, noon); len(a.nudged) > 0 {
			t.Errorf("%s: whoever looks need not be told to look", tt.what)
		}
		if got := a.set(tt.next); !got.Equal(tt.until) {
			t.Errorf("%s: the alarm should be set to %s, it is %s", tt.what, tt.until, got)
		}
		if a.committed(tt.wake, tt.at); len(a.nudged) > 0 != tt.looksWhenAwake {
			t.Errorf("%s: whether it looks at once should be %t", tt.what, tt.looksWhenAwake)
		}
	}
}
