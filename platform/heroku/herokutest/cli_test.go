package herokutest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// cli runs the real Heroku command line against a stand-in, in a home of its
// own.
type cli struct {
	t       *testing.T
	program string
	env     []string
}

// findCLI finds the Heroku command line, or skips the test and says how to get
// it.
func findCLI(t *testing.T, s *herokutest.Server) cli {
	t.Helper()
	program := os.Getenv("HEADSTART_TEST_HEROKU")
	if program == "" {
		found, err := exec.LookPath("heroku")
		if err != nil {
			t.Skip("the Heroku command line is missing: install it (`npm install --prefix DIR heroku@11.10`) and put it into PATH, or name it in HEADSTART_TEST_HEROKU (DIR/node_modules/.bin/heroku)")
		}
		program = found
	}
	home := t.TempDir()
	return cli{t: t, program: program, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "HEROKU_HOST=" + s.URL(), "HEROKU_API_KEY=" + s.Token(),
		"DISABLE_TELEMETRY=true", "HEROKU_SKIP_NEW_VERSION_CHECK=1", "NO_COLOR=1", "CI=1",
	}}
}

// run runs one command and returns what it printed.
func (c cli) run(args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, c.program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, &out, &out
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("`heroku %s` failed: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

// The real command line promotes, lists releases and rolls back. What it can
// use without noticing is close enough to Heroku.
func TestHerokuCLI(t *testing.T) {
	s := newServer(t, herokutest.Options{Contract: true})
	c := findCLI(t, s)
	p := s.AddPipeline("shop")
	staging, production := s.AddApp("shop-staging"), s.AddApp("shop-production")
	p.Couple(staging, "staging")
	p.Couple(production, "production")
	production.ReleaseTakes(3 * time.Second) // long enough for the command line to find it running
	production.SetConfig("GREETING", "one")
	first := staging.Deploy("1111111111111111111111111111111111111111")

	out := c.run("pipelines:promote", "-a", "shop-staging", "--to", "shop-production")
	if !strings.Contains(out, "Promotion successful") || !strings.Contains(out, "Running release command") {
		t.Errorf("heroku pipelines:promote did not report success with a release phase:\n%s", out)
	}
	if got := production.Current(); got.Slug != first.Slug {
		t.Errorf("after `heroku pipelines:promote` production runs %q, want staging's slug %q", got.Slug, first.Slug)
	}
	promoted := production.Current()

	production.ReleaseTakes(0)
	production.SetConfig("GREETING", "two")
	staging.Deploy("2222222222222222222222222222222222222222")
	c.run("pipelines:promote", "-a", "shop-staging", "--to", "shop-production")
	if got := production.Current(); got.Commit[0] != '2' {
		t.Errorf("after a second promotion production runs %q, want the second commit", got.Commit)
	}

	out = c.run("releases", "-a", "shop-production")
	for _, want := range []string{"v3", "v4", "Promote shop-staging v4 22222222", "Initial release"} {
		if !strings.Contains(out, want) {
			t.Errorf("`heroku releases` does not show %q:\n%s", want, out)
		}
	}

	out = c.run("rollback", "v3", "-a", "shop-production")
	if !strings.Contains(out, "v5") {
		t.Errorf("`heroku rollback` does not name the new release v5:\n%s", out)
	}
	got := production.Current()
	if got.Slug != promoted.Slug || got.Version != 5 {
		t.Errorf("after `heroku rollback v3` production runs v%d with %q, want v5 with %q", got.Version, got.Slug, promoted.Slug)
	}
	if greeting := production.Config()["GREETING"]; greeting != "one" {
		t.Errorf("a rollback brings back config vars too: GREETING is %q, want %q", greeting, "one")
	}

	out = c.run("pipelines:info", "shop")
	for _, want := range []string{"shop-staging", "shop-production"} {
		if !strings.Contains(out, want) {
			t.Errorf("`heroku pipelines:info` does not show %s:\n%s", want, out)
		}
	}
	if wrong := s.ContractErrors(); len(wrong) > 0 {
		t.Errorf("the published schema is contradicted:\n%s", strings.Join(wrong, "\n"))
	}
}
