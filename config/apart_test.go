package config_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/config"
)

func TestAppsOfPullRequests(t *testing.T) {
	const stages = "\nstages: [{name: production, app: shop}]\n"
	for file, want := range map[string]struct {
		build bool
		apps  []string // of pull requests
		all   []string
	}{
		"prepare: shop-prepare":                                                               {true, nil, []string{"shop-prepare", "shop"}},
		"prepare: {apps: [shop-prepare], pull_requests: true}":                                {true, nil, []string{"shop-prepare", "shop"}},
		"prepare: {apps: [shop-prepare], pull_requests: false}":                               {false, nil, []string{"shop-prepare", "shop"}},
		"prepare: {apps: [shop-prepare], pull_requests: {apps: [shop-pulls]}}":                {true, []string{"shop-pulls"}, []string{"shop-prepare", "shop-pulls", "shop"}},
		"prepare:\n  pull_requests:\n    apps:\n    - shop-a\n    - shop-b\n  apps: [shop-c]": {true, []string{"shop-a", "shop-b"}, []string{"shop-c", "shop-a", "shop-b", "shop"}},
	} {
		all, err := config.ParseAll([]byte(file+stages), "f")
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		p := all[""].Prepare
		if p.PullRequests != want.build || !reflect.DeepEqual(p.PullApps, want.apps) {
			t.Errorf("%s: got %+v", file, p)
		}
		if apps := all[""].Apps(); !slices.Equal(apps, want.all) {
			t.Errorf("%s: the pipeline's apps, which the allow-list is held against, are %q, got %q", file, want.all, apps)
		}
	}
}

// Where somebody has to approve what is released, nobody else may be able to put
// something into it.
func TestAdviceIsToBuildPullRequestsApart(t *testing.T) {
	const checks = "checks: none\n"
	for name, c := range map[string]struct {
		file string
		want bool
	}{
		"an approval":                 {"prepare: shop-prepare\nstages: [{name: production, app: shop, promote: approval}]", true},
		"four eyes":                   {"prepare: shop-prepare\nstages: [{name: staging, app: shop-staging}, {name: production, app: shop, promote: approval, four_eyes: true}]", true},
		"an approval of some changes": {"prepare: shop-prepare\nchanges: {db: [db/**]}\nstages: [{name: staging, app: shop-staging}, {name: production, app: shop, hold: {db: approval}}]", true},
		"in one of several pipelines": {"pipelines: {api: {checks: none, prepare: api-prepare, stages: [{name: production, app: api, promote: approval}]}}", true},
		"apart":                       {"prepare: {apps: [shop-prepare], pull_requests: {apps: [shop-pulls]}}\nstages: [{name: production, app: shop, promote: approval}]", false},
		"not ahead":                   {"prepare: {apps: [shop-prepare], pull_requests: false}\nstages: [{name: production, app: shop, promote: approval}]", false},
		"not ahead, but at a stage":   {"prepare: {apps: [shop-prepare], pull_requests: false}\nstages: [{name: staging, app: shop-staging, pull_requests: true}, {name: production, app: shop, promote: approval}]", true},
		"nobody approves":             {"prepare: shop-prepare\nstages: [{name: production, app: shop}]", false},
		"a window":                    {"prepare: shop-prepare\nchanges: {db: [db/**]}\nwindows: {night: {from: \"20:00\", to: \"06:00\", zone: UTC}}\nstages: [{name: production, app: shop, hold: {db: night}}]", false},
		"no app builds pull requests": {"stages: [{name: production, app: shop, promote: approval}]", false},
	} {
		file := c.file
		if !strings.HasPrefix(file, "pipelines") {
			file = checks + file
		}
		all, err := config.ParseAll([]byte(file+"\n"), "f")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		advice := strings.Join(config.Advice(all), "\n")
		if got := strings.Contains(advice, "pull_requests: {apps: ["); got != c.want {
			t.Errorf("%s: advice to give pull requests apps of their own: %v, want %v: %s", name, got, c.want, advice)
		}
	}
}
