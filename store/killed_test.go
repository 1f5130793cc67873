package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/internal/postgrestest"
	"github.com/headstart-cd/headstart/store"
)

// victimURL is set for a process that is there to be killed.
const victimURL = "HEADSTART_TEST_VICTIM"

// victim begins to perform an effect and to process a delivery, says so, and
// never ends either.
func victim(url string) int {
	ctx := context.Background()
	s, err := store.Open(ctx, url, store.Options{})
	if err == nil {
		err = s.Commit(ctx, change(0, effect("config")))
	}
	if err == nil {
		_, err = s.Receive(ctx, "one", "push", []byte(`{}`))
	}
	if err == nil {
		err = s.Run(ctx, store.Handlers{
			Deliver: func(context.Context, store.Delivery) error { fmt.Println("begun"); select {} },
			Perform: func(context.Context, bot.Target, bot.Effect, bool) error { fmt.Println("begun"); select {} },
		})
	}
	fmt.Println(err)
	return 1
}

// startVictim returns when both pieces of work have begun.
func startVictim(t *testing.T, url string) (kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimURL+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() || lines.Text() != "begun" {
			t.Fatalf("the process should have begun its work, it said %q", lines.Text())
		}
	}
	return func() {
		t.Helper()
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("a process that is killed ends with an error")
		}
	}
}

// heir collects what is taken over.
type heir struct {
	done  chan string
	again chan bool
}

func (h heir) handlers() store.Handlers {
	return store.Handlers{
		Deliver: func(_ context.Context, d store.Delivery) error { h.done <- d.GUID; return nil },
		Perform: func(_ context.Context, _ bot.Target, e bot.Effect, again bool) error {
			h.again <- again
			h.done <- e.Key
			return nil
		},
	}
}

// inherits expects both pieces of work within the time that the product promises.
func (h heir) inherits(t *testing.T, s *store.Store, killed time.Time) {
	t.Helper()
	within := time.After(30 * time.Second)
	for range 2 {
		select {
		case <-h.done:
		case <-within:
			t.Fatal("what a killed process left was not finished within 30 s")
		}
	}
	t.Logf("finished %s after the kill", time.Since(killed).Round(time.Millisecond))
	if !<-h.again {
		t.Error("an effect that a killed process had begun is told to be one that may have happened")
	}
	idle(t, s)
	if len(h.done) > 0 {
		t.Errorf("what was left is done once, but %d pieces more were", len(h.done))
	}
}

// A process that is killed leaves work. The next one finishes it.
func TestKilled(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "state.db") },
		"postgres": func(t *testing.T) string { return postgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			startVictim(t, url)()
			killed := time.Now()
			s := openerOf(url).open(t)
			h := heir{make(chan string, 10), make(chan bool, 10)}
			defer run(t, s, h.handlers())()
			h.inherits(t, s, killed)
		})
	}
}

// Another instance keeps its hands off a living one's work, and takes it over
// when that one is killed.
func TestOtherKilled(t *testing.T) {
	t.Parallel()
	url := postgresURL(t)
	kill := startVictim(t, url)
	s := openerOf(url).open(t)
	h := heir{make(chan string, 10), make(chan bool, 10)}
	defer run(t, s, h.handlers())()
	select {
	case what := <-h.done:
		t.Fatalf("%s was taken from an instance that is alive", what)
	case <-time.After(4 * time.Second): // longer than it takes to be taken for dead
	}
	kill()
	h.inherits(t, s, time.Now())
}

// Connections that drop disturb nobody: what is under way goes on, and no other
// instance begins it meanwhile.
func TestConnectionsDrop(t *testing.T) {
	t.Parallel()
	url := postgresURL(t)
	a, b := openerOf(url).open(t), openerOf(url).open(t)
	begun, hold := make(chan error, 10), make(chan struct{})
	perform := func(s *store.Store) store.Handlers {
		return store.Handlers{Perform: func(ctx context.Context, _ bot.Target, e bot.Effect, again bool) error {
			begun <- nil
			select {
			case <-hold:
			case <-ctx.Done():
				begun <- context.Cause(ctx)
				return ctx.Err()
			}
			return s.Commit(ctx, change(1))
		}}
	}
	commit(t, a, change(0, effect("config")))
	defer run(t, a, perform(a))()
	<-begun
	defer run(t, b, perform(b))()
	instances(t, url, 2)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-begun:
		t.Fatalf("what is under way is neither interrupted nor begun by another: %v", err)
	case <-time.After(4 * time.Second): // longer than it takes to be taken for dead
	}
	close(hold)
	eventually(t, a, "what was under way is recorded", func() bool {
		_, version, err := a.Load(t.Context(), shop)
		return err == nil && version == 2
	})
	if _, err := b.Receive(t.Context(), "one", "push", nil); err != nil {
		t.Errorf("deliveries are received again: %v", err)
	}
	idleAnywhere(t, a)
	if len(begun) > 0 {
		t.Error("what was under way was done once, and now again")
	}
}

// The database server stops and starts again: nothing is lost, and nobody has to
// do anything.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	c, err := postgrestest.New()
	if errors.Is(err, postgrestest.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	}()
	s, late := openerOf(c.URL()).open(t), openerOf(c.URL()).open(t)
	begun, cancelled := make(chan bool, 10), make(chan struct{}, 10)
	handlers := store.Handlers{Perform: func(ctx context.Context, _ bot.Target, _ bot.Effect, again bool) error {
		begun <- again
		if again {
			return nil
		}
		<-ctx.Done()
		cancelled <- struct{}{}
		return ctx.Err()
	}}
	defer run(t, s, handlers)()
	commit(t, s, change(0, effect("config")))
	<-begun
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	if _, err := s.Receive(t.Context(), "meanwhile", "push", nil); err == nil {
		t.Error("nothing is received without a database")
	}
	<-cancelled
	if took := time.Since(stopped); took > 15*time.Second {
		t.Errorf("work is cancelled before another instance may begin it, after 15 s; it took %s", took)
	}
	defer run(t, late, handlers)() // waits for the database
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	for {
		_, err := s.Receive(t.Context(), "afterwards", "push", nil)
		if err == nil {
			break
		}
		if time.Since(started) > time.Minute {
			t.Fatalf("a minute after the database came back deliveries are still refused: %v", err)
		}
	}
	t.Logf("deliveries are received again after %s", time.Since(started).Round(time.Millisecond))
	if again := <-begun; !again {
		t.Error("what was interrupted counts as something that may have happened")
	}
	t.Logf("work goes on after %s", time.Since(started).Round(time.Millisecond))
	instances(t, c.URL(), 2)
	idleAnywhere(t, s)
	if d := delivery(t, s, "afterwards"); d.Outcome != store.Processed {
		t.Errorf("what is received afterwards is processed, got %+v", d)
	}
}
