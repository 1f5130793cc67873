package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/store"
)

// testUrgency fills all slots for effects but one, and looks in which order that
// one is given away.
func testUrgency(t *testing.T, open opener) {
	s := open.open(t)
	const atOnce = 64
	var (
		mu    sync.Mutex
		order []string
		full  = make(chan struct{}, atOnce)
		hold  = make(chan struct{})
	)
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, _ bot.Target, e bot.Effect, _ bool) error {
		if e.Key == "blocks" {
			full <- struct{}{}
			<-hold
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		order = append(order, bot.NameOf(e.Do))
		return nil
	}})
	defer stop()
	commit(t, s, change(0, slices.Repeat([]bot.Effect{effect("blocks")}, atOnce)...))
	for range atOnce {
		<-full
	}
	telling := []bot.Action{bot.Reply{}, bot.WriteComment{}, bot.SetDeploymentStatus{}, bot.CreateDeployment{}, bot.SetStatus{}}
	watching := []bot.Action{bot.WatchBuild{}, bot.WatchRelease{}, bot.CancelBuild{}, bot.ReadPullRequest{}, bot.FindPullRequest{}}
	deploying := []bot.Action{bot.ReadConfig{}, bot.ReadChecks{}, bot.StartBuild{}, bot.Promote{}, bot.ReadCommander{}, bot.React{Content: "eyes"}}
	var names []string
	for i, group := range [][]bot.Action{telling, watching, deploying} { // the wrong way round
		var effects []bot.Effect
		for n, do := range group {
			e := effect(fmt.Sprint(i, n))
			e.Do = do
			effects = append(effects, e)
		}
		commit(t, s, change(int64(i+1), effects...))
	}
	for _, group := range [][]bot.Action{deploying, watching, telling} {
		for _, do := range group {
			names = append(names, bot.NameOf(do))
		}
	}
	hold <- struct{}{}
	eventually(t, s, "everything that waited is performed", func() bool { mu.Lock(); defer mu.Unlock(); return len(order) == len(names) })
	close(hold)
	idle(t, s)
	if !slices.Equal(order, names) {
		t.Errorf("what a deploy waits for goes before what is watched, and that before what is told:\ngot  %v\nwant %v", order, names)
	}
}

// testIdleApart has more effects that nobody waits for hang than there are slots
// for effects in all.
func testIdleApart(t *testing.T, open opener) {
	s := open.open(t)
	const many = 100
	var (
		begun = make(chan struct{}, many)
		hold  = make(chan struct{})
		done  = make(chan string, many)
	)
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, _ bot.Target, e bot.Effect, _ bool) error {
		if e.Idle {
			begun <- struct{}{}
			<-hold
			return nil
		}
		done <- e.Key
		return nil
	}})
	defer stop()
	sweep := effect("sweep")
	sweep.Idle = true
	commit(t, s, change(0, slices.Repeat([]bot.Effect{sweep}, many)...))
	<-begun
	commit(t, s, change(1, effect("promote")))
	if key := <-done; key != "promote" {
		t.Errorf("the effect that somebody waits for is performed, got %s", key)
	}
	close(hold)
	idle(t, s)
	if n := len(begun) + 1; n != many {
		t.Errorf("those that nobody waits for are performed as well: %d of %d were", n, many)
	}
}
