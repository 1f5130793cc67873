package bot

import (
	"fmt"
	"testing"
	"time"
)

var midday = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func minute(minutes int) time.Time { return midday.Add(time.Duration(minutes) * time.Minute) }

func queueEntry(repo, name string, r Rank, since int) QueueEntry {
	return QueueEntry{Pipeline: Key{Repo: Repo{Owner: "acme", Name: repo}, Name: name}, Waits: r, Since: minute(since)}
}

func served(s QueueEntry, minutes int) QueueEntry {
	s.Served = minute(minutes)
	return s
}

func called(s QueueEntry, minutes int) QueueEntry {
	s.Called = minute(minutes)
	return s
}

// Who goes first in the queue of a prepare app.
func TestBuildQueueOrder(t *testing.T) {
	for name, test := range map[string]struct {
		queue BuildQueue
		want  string
	}{
		"by what they wait with, whoever came first": {
			BuildQueue{
				queueEntry("a", "", RankPull, 0), queueEntry("b", "", RankFromPull, 1), queueEntry("c", "", RankGroup, 2), queueEntry("d", "", RankBranch, 3), queueEntry("e", "", RankUrgent, 4),
			}, "[e d c b a]",
		},
		"among equals by how long they wait": {
			BuildQueue{queueEntry("a", "", RankPull, 3), queueEntry("b", "", RankPull, 1), queueEntry("c", "", RankPull, 2)}, "[b c a]",
		},
		"a repository that has had a build waits from then on": {
			BuildQueue{served(queueEntry("a", "", RankPull, 0), 10), served(queueEntry("b", "", RankPull, 9), 2), queueEntry("c", "", RankPull, 11)}, "[b a c]",
		},
		"a build of one of its pipelines is one of the repository": {
			BuildQueue{queueEntry("a", "x", RankPull, 0), served(queueEntry("a", "y", RankNone, 0), 10), queueEntry("b", "", RankPull, 9)}, "[b a:x]",
		},
		"a repository waits as long as the one of its pipelines that waits the longest": {
			BuildQueue{queueEntry("a", "x", RankPull, 5), queueEntry("a", "y", RankPull, 1), queueEntry("b", "", RankPull, 3)}, "[a:y a:x b]",
		},
		"within a repository the pipeline goes behind that has had a build": {
			BuildQueue{served(queueEntry("a", "x", RankPull, 0), 8), queueEntry("a", "y", RankPull, 4)}, "[a:y a:x]",
		},
		"who was called long ago keeps nobody waiting": {
			BuildQueue{called(queueEntry("a", "", RankBranch, 0), 10), called(queueEntry("b", "", RankPull, 5), 19), queueEntry("c", "", RankPull, 6)}, "[c a b]",
		},
	} {
		var got []string
		for _, s := range test.queue.Order(minute(20)) {
			name := s.Pipeline.Repo.Name
			if s.Pipeline.Name != "" {
				name += ":" + s.Pipeline.Name
			}
			got = append(got, name)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s: expected %s, got %s", name, test.want, got)
		}
	}
}

// Of two that had a build at the very same moment, and whatever the clocks say, the one
// that had the last goes last.
func TestWhoHadTheLastBuildGoesLast(t *testing.T) {
	a, b := QueueEntry{Pipeline: Key{Repo: Repo{Owner: "acme", Name: "a"}}}, queueEntry("b", "", RankPull, 5)
	queue := BuildQueue{b} // by a clock that is ahead
	for range 3 {
		m, ok := queue.Move(a, QueueClaim{App: "builds", Builds: true, Takes: RankPull}, minute(0))
		if !ok && queue.Of(a.Pipeline).Served.IsZero() {
			t.Fatal("a waits for as long as b, and should get its first build")
		}
		if !ok {
			return
		}
		queue = append(queue.Without(a.Pipeline), m.Changed[len(m.Changed)-1])
		m, _ = queue.Move(a, QueueClaim{App: "builds", Waits: RankPull}, minute(0))
		for _, s := range m.Changed {
			queue = append(queue.Without(s.Pipeline), s)
		}
	}
	t.Error("b should be next once a has had a build")
}
