package config_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

// FuzzParse hands in what strangers may push: nothing crashes the parser, what
// it refuses has a place in the file, and what it accepts can be written out
// again and means the same.
func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		for _, file := range files(f, folder) {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		cfg, err := config.Parse(file, "f")
		if err == nil {
			config.Explain(cfg)
			again, err := config.Parse(written(t, cfg), "f")
			if err != nil {
				t.Fatalf("an accepted configuration is refused when it is written out: %v\n%s", err, written(t, cfg))
			}
			if !reflect.DeepEqual(again, cfg) {
				t.Fatalf("an accepted configuration changes when it is written out:\n%+v\n%+v", cfg, again)
			}
			return
		}
		var refused *config.Error
		if !errors.As(err, &refused) || len(refused.Problems) == 0 {
			t.Fatalf("refused without a problem: %v", err)
		}
		before := config.Problem{}
		for _, p := range refused.Problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Fatalf("a problem without its place or its words: %+v", p)
			}
			if p.Line < before.Line || p.Line == before.Line && p.Column < before.Column {
				t.Fatalf("problems out of order: %v after %v", p, before)
			}
			if strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("a problem plays with the terminal: %q", p)
			}
			before = p
		}
		_ = refused.Detail()
	})
}

// written is a configuration as a file in the long form. JSON is YAML.
func written(t *testing.T, cfg bot.Config) []byte {
	t.Helper()
	file := map[string]any{"platform": cfg.Platform}
	if cfg.Branch != "" {
		file["branch"] = cfg.Branch
	}
	if cfg.Build != "" {
		file["build"] = cfg.Build
	}
	if len(cfg.Prepare.Apps) > 0 {
		file["prepare"] = map[string]any{"apps": cfg.Prepare.Apps, "pull_requests": cfg.Prepare.PullRequests, "reuse": cfg.Prepare.Reuse}
	}
	switch {
	case cfg.Checks.None:
		file["checks"] = "none"
	case len(cfg.Checks.Names) > 0:
		file["checks"] = cfg.Checks.Names
	}
	var stages []any
	for _, s := range cfg.Stages {
		stages = append(stages, map[string]any{"name": s.Name, "apps": s.Apps, "allow": s.Allow, "pull_requests": s.PullRequests})
	}
	file["stages"] = stages
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
