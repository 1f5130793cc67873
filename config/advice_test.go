package config_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/config"
)

func TestAdviceIsToPinChecks(t *testing.T) {
	const stages = "stages: [{name: production, app: shop}]\n"
	for name, c := range map[string]struct {
		checks string
		want   []string // in the advice; none: there is none
	}{
		"pinned":             {"checks: [{name: test, app: github-actions}]\n", nil},
		"none":               {"checks: none\n", nil},
		"not pinned":         {"checks: [{name: test, app: github-actions}, lint, ci/build]\n", []string{`Pin "lint" and "ci/build" to the App`, "{name: lint, app: github-actions}"}},
		"as GitHub requires": {"", []string{"Pin each check under `checks:`", "a ruleset that names the App"}},
	} {
		all, err := config.ParseAll([]byte(c.checks+stages), "f")
		if err != nil {
			t.Fatal(err)
		}
		advice := config.Advice(all)
		if c.want == nil && len(advice) > 0 {
			t.Errorf("%s: nothing to recommend, got %q", name, advice)
		}
		for _, want := range c.want {
			if len(advice) != 1 || !strings.Contains(advice[0], want) {
				t.Errorf("%s: advice should say %q, got %q", name, want, advice)
			}
		}
	}
}
