package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/store"
)

// testPriority fills all slots for effects but one, and looks in which order that
// one is given away.
func testPriority(t *testing.T, open opener) {
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
	watching := []bot.Action{bot.WatchBuild{}, bot.WatchRelease{}, bot.CancelBuild{}, bot.ReadPullRequest{}, bot.FindPullRequest{}}
	deploying := []bot.Action{bot.ReadConfig{}, bot.ReadChecks{}, bot.StartBuild{}, bot.Promote{}, bot.ReadActor{}, bot.ReadRights{}, bot.React{Content: "eyes"}}
	var names []string
	for i, group := range [][]bot.Action{watching, deploying} { // the wrong way round
		var effects []bot.Effect
		for n, do := range group {
			e := effect(fmt.Sprint(i, n))
			e.Do = do
			effects = append(effects, e)
		}
		commit(t, s, change(int64(i+1), effects...))
	}
	for _, group := range [][]bot.Action{deploying, watching} {
		for _, do := range group {
			names = append(names, bot.NameOf(do))
		}
	}
	hold <- struct{}{}
	eventually(t, s, "everything that waited is performed", func() bool { mu.Lock(); defer mu.Unlock(); return len(order) == len(names) })
	close(hold)
	idle(t, s)
	if !slices.Equal(order, names) {
		t.Errorf("what a deploy waits for goes before what is watched:\ngot  %v\nwant %v", order, names)
	}
}

// testApart has more of what people are told, and of what nobody waits for, hang
// than there are slots for effects.
func testApart(t *testing.T, open opener) {
	s := open.open(t)
	const many = 100
	var (
		mu    sync.Mutex
		times = make(map[string]int)
		begun = make(chan string, 3*many)
		hold  = make(chan struct{})
	)
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, _ bot.Target, e bot.Effect, _ bool) error {
		mu.Lock()
		times[e.Key]++
		mu.Unlock()
		begun <- e.Key
		if e.Key != "promote" {
			<-hold
		}
		return nil
	}})
	defer stop()
	var effects []bot.Effect
	sweep := effect("sweep")
	sweep.Idle = true
	effects = append(effects, slices.Repeat([]bot.Effect{sweep}, many)...)
	telling := []bot.Action{bot.Reply{}, bot.WriteComment{}, bot.SetDeploymentStatus{}, bot.CreateDeployment{}, bot.SetStatus{}, bot.React{Content: "rocket"}}
	for n := range many {
		tell := effect("tell")
		tell.Do = telling[n%len(telling)]
		effects = append(effects, tell)
	}
	commit(t, s, change(0, effects...))
	until := func(key string) {
		t.Helper()
		within := time.After(20 * time.Second)
		for {
			select {
			case got := <-begun:
				if got == key {
					return
				}
			case <-within:
				t.Fatalf("%s was not begun within 20 s", key)
			}
		}
	}
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	until("tell")
	commit(t, s, change(1, effect("promote")))
	until("promote") // while all the others hang
	release()
	idle(t, s)
	if times["sweep"] != many || times["tell"] != many {
		t.Errorf("all of the others are performed as well, once each: got %v of %d each", times, many)
	}
}

// testYields has many deploys hang while people are to be told something.
func testYields(t *testing.T, open opener) {
	s := open.open(t)
	const many = 20
	full, hold, told := make(chan struct{}, many), make(chan struct{}), make(chan struct{}, 2)
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, _ bot.Target, e bot.Effect, _ bool) error {
		if e.Key == "tell" {
			told <- struct{}{}
			return nil
		}
		full <- struct{}{}
		<-hold
		return nil
	}})
	defer stop()
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	commit(t, s, change(0, slices.Repeat([]bot.Effect{effect("blocks")}, many)...))
	for range many {
		<-full
	}
	tell := effect("tell")
	tell.Do = bot.SetStatus{}
	commit(t, s, change(1, tell))
	within := time.After(20 * time.Second)
	select {
	case <-told:
	case <-within:
		t.Fatal("people should be told though many deploys hang, within 20 s")
	}
	commit(t, s, change(2, tell))
	release()
	idle(t, s)
	if len(told) != 1 {
		t.Errorf("what is told at the end of a crowd should be told once, it was %d times", len(told))
	}
}
