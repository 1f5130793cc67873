package bot_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

func shop() bot.Config {
	return bot.Config{
		Platform: bot.PlatformHeroku,
		Prepare:  bot.Prepare{Apps: []string{"shop-prepare"}, PullRequests: true, Reuse: bot.ReuseTree},
		Stages: []bot.Stage{
			{Name: "staging", Apps: []string{"shop-staging"}},
			{Name: "production", Apps: []string{"shop-us", "shop-ca"}},
		},
	}
}

func TestConfigStage(t *testing.T) {
	if s, ok := shop().Stage("production"); !ok || !slices.Equal(s.Apps, []string{"shop-us", "shop-ca"}) {
		t.Errorf("the stage production was not found with its two apps: %v, %v", s, ok)
	}
	if s, ok := shop().Stage("Production"); ok {
		t.Errorf("names of stages are exact, yet Production found %v", s)
	}
	if got, want := shop().StageNames(), []string{"staging", "production"}; !slices.Equal(got, want) {
		t.Errorf("stages in their order: got %v, want %v", got, want)
	}
}

func TestConfigApps(t *testing.T) {
	cfg := shop()
	want := []string{"shop-prepare", "shop-staging", "shop-us", "shop-ca"}
	if got := cfg.Apps(); !slices.Equal(got, want) {
		t.Errorf("every app of the pipeline: got %v, want %v", got, want)
	}
	cfg.Stages[1].Apps = append(cfg.Stages[1].Apps, "shop-staging")
	if got := cfg.Apps(); !slices.Equal(got, want) {
		t.Errorf("an app named twice is listed once: got %v, want %v", got, want)
	}
	if got := (bot.Config{}).Apps(); len(got) != 0 {
		t.Errorf("a pipeline without apps lists %v", got)
	}
}

func TestChecksAsGitHubRequires(t *testing.T) {
	for _, tt := range []struct {
		checks bot.Checks
		want   bool
	}{
		{bot.Checks{}, true},
		{bot.Checks{None: true}, false},
		{bot.Checks{Names: bot.CheckNames("ci/test")}, false},
	} {
		if got := tt.checks.AsGitHubRequires(); got != tt.want {
			t.Errorf("%+v leaves the choice to GitHub: got %v, want %v", tt.checks, got, tt.want)
		}
	}
}

// The configuration in force is part of the state that is saved.
func TestConfigSurvivesJSON(t *testing.T) {
	for name, checks := range map[string]bot.Checks{
		"as GitHub requires": {},
		"none":               {None: true},
		"named":              {Names: bot.CheckNames("ci/test", "lint")},
		"pinned":             {Names: []bot.CheckName{{Name: "ci/test"}, {Name: "lint", App: "github-actions"}}},
	} {
		cfg := shop()
		cfg.Branch, cfg.Build, cfg.Checks = "main", "go build", checks
		data, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var back bot.Config
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, cfg) {
			t.Errorf("with checks %s, a saved configuration comes back changed:\n%+v\n%+v", name, cfg, back)
		}
	}
}

// States that were stored before checks could be pinned have their names as strings,
// and so they still are written where none is pinned.
func TestChecksAreReadAsTheyWere(t *testing.T) {
	const before = `{"None":false,"Names":["ci/test","lint"]}`
	var c bot.Checks
	if err := json.Unmarshal([]byte(before), &c); err != nil {
		t.Fatal(err)
	}
	if want := (bot.Checks{Names: bot.CheckNames("ci/test", "lint")}); !reflect.DeepEqual(c, want) {
		t.Errorf("stored checks %s are read as %+v, want %+v", before, c, want)
	}
	if again, err := json.Marshal(c); err != nil || string(again) != before {
		t.Errorf("checks that are not pinned are stored as %s (%v), want what earlier versions read: %s", again, err, before)
	}
}
