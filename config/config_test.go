package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

var update = flag.Bool("update", false, "rewrite the golden files, the schema and the documentation")

// golden holds what was produced against a committed file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the code makes now; if the change is wanted, run go test ./config -update\n--- got\n%s--- want\n%s", path, got, want)
	}
}

// files reads the examples of one folder below testdata, by name.
func files(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples in testdata/%s: %v", folder, err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".yml")] = data
	}
	return all
}

func TestGoodFilesAreExplained(t *testing.T) {
	for name, file := range files(t, "good") {
		t.Run(name, func(t *testing.T) {
			all, err := config.ParseAll(file, config.Path)
			if err != nil {
				t.Fatalf("a good file was refused:\n%v", err)
			}
			golden(t, filepath.Join("testdata", "good", name+".txt"), config.ExplainAll(all))
		})
	}
}

func TestBadFilesAreRefusedWithEveryProblem(t *testing.T) {
	for name, file := range files(t, "bad") {
		t.Run(name, func(t *testing.T) {
			all, err := config.ParseAll(file, "headstart.yml")
			var refused *config.Error
			if !errors.As(err, &refused) {
				t.Fatalf("a bad file was accepted: %+v", all)
			}
			if cfg, err := config.Parse(file, "headstart.yml"); all != nil || err == nil || !reflect.DeepEqual(cfg, bot.Config{}) {
				t.Errorf("a refused file still gave a configuration: %+v and %+v, %v", all, cfg, err)
			}
			golden(t, filepath.Join("testdata", "bad", name+".txt"), refused.Detail())
		})
	}
}

// stage is a stage with the defaults.
func stage(name string, apps ...string) bot.Stage {
	return bot.Stage{Name: name, Apps: apps, Allow: []string{"write"}, OnFailure: bot.FailureRollback}
}

func TestParse(t *testing.T) {
	stages := []bot.Stage{stage("staging", "shop-staging"), stage("production", "shop-production")}
	one := []bot.Stage{stage("production", "shop")}
	prepared := func(apps ...string) bot.Prepare {
		return bot.Prepare{Apps: apps, PullRequests: true, Reuse: bot.ReuseTree}
	}
	const production = "\nstages: [{name: production, app: shop}]\n"
	steered := bot.Config{Platform: bot.PlatformHeroku, Prepare: prepared("shop-prepare"), Stages: []bot.Stage{
		stage("review", "shop-review"), stage("staging", "shop-staging"), stage("production", "shop-us"),
	}}
	steered.Stages[0].PullRequests, steered.Stages[1].PullRequests = true, true
	steered.Stages[1].Allow = []string{"write", "team/qa"}
	steered.Stages[2].Allow = []string{"admin", "maintain", "team/releasers", "@ana"}
	tests := []struct {
		name, file string
		want       bot.Config
	}{
		{"who steers what", string(files(t, "good")["steering"]), steered},
		{
			"the short form", string(files(t, "good")["short"]),
			bot.Config{Platform: bot.PlatformHeroku, Prepare: prepared("shop-prepare"), Stages: stages},
		},
		{
			"the long form", string(files(t, "good")["long"]),
			bot.Config{
				Branch: "release/2026", Platform: bot.PlatformHeroku,
				Prepare: bot.Prepare{Apps: []string{"shop-prepare", "shop-prepare-2"}, Reuse: bot.ReuseCommit},
				Checks:  bot.Checks{Names: bot.CheckNames("ci/test", "lint: all", "build (ubuntu-latest, 1.26)")},
				Stages:  []bot.Stage{stages[0], stage("production", "shop-us", "shop-ca")},
			},
		},
		{
			"a command of several lines", string(files(t, "good")["local"]),
			bot.Config{
				Platform: bot.PlatformLocal, Build: "go vet ./...\ngo build -o bin/web .\n", Prepare: prepared("demo-prepare"),
				Checks: bot.Checks{None: true},
				Stages: []bot.Stage{stage("staging", "demo-staging"), stage("production", "demo-production")},
			},
		},
		{"no prepare app", production, bot.Config{Platform: bot.PlatformHeroku, Prepare: prepared(), Stages: one}},
		{"a byte order mark and Windows' line ends", "\ufeffprepare: shop-prepare\r\n\r\nstages:\r\n- name: production\r\n  app: shop\r\n",
			bot.Config{Platform: bot.PlatformHeroku, Prepare: prepared("shop-prepare"), Stages: one}},
		{"a document's start and end", "---" + production + "...\n", bot.Config{Platform: bot.PlatformHeroku, Prepare: prepared(), Stages: one}},
		{"quotes where YAML would see a number", `branch: "1.0"` + production,
			bot.Config{Branch: "1.0", Platform: bot.PlatformHeroku, Prepare: prepared(), Stages: one}},
		{"words that only old YAML takes for true", "branch: on\nchecks: [yes]\nstages: [{name: off, app: shop}]\n",
			bot.Config{Branch: "on", Platform: bot.PlatformHeroku, Prepare: prepared(),
				Checks: bot.Checks{Names: bot.CheckNames("yes")}, Stages: []bot.Stage{stage("off", "shop")}}},
		{"True in capitals", "prepare: {apps: [shop-prepare], pull_requests: False}" + production,
			bot.Config{Platform: bot.PlatformHeroku, Prepare: bot.Prepare{Apps: []string{"shop-prepare"}, Reuse: bot.ReuseTree}, Stages: one}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Parse([]byte(tt.file), config.Path)
			if err != nil {
				t.Fatalf("refused:\n%v", err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("the file means something else:\ngot  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// Files that are hard to keep as text, or whose exact answer matters.
func TestParseRefuses(t *testing.T) {
	const production = "stages: [{name: production, app: shop}]\n"
	tests := []struct{ name, file, want string }{
		{"nothing", "", "f:1:1: the file is empty; the shortest one has a stage: stages: [{name: production, app: NAME}]"},
		{"a comment only", "# soon\n", "f:1:1: the file is empty; the shortest one has a stage: stages: [{name: production, app: NAME}]"},
		{"text", "hello\n", `f:1:1: expected the pipeline's file, found the text "hello"`},
		{"too large", strings.Repeat("#", config.MaxSize+1), "f:1:1: the file is 32769 bytes long, 32768 are allowed; shorten the file: remove comments, or move some pipelines into another repository"},
		{"UTF-16", "\xff\xfes\x00", "f:1:1: the file is UTF-16, expected UTF-8; save it as UTF-8"},
		{"Latin-1", production + "branch: \xe9\n", "f:2:9: this byte is not UTF-8; save the file as UTF-8"},
		{"a control character", production + "branch: a\x1b[31m\n", "f:2:10: the invisible character U+001B is not allowed; remove it"},
		{"the column counts characters", "# é\nstages: [{name: é, app: é, apps: [shop]}]\n", "f:2:17: expected the name of a stage (at most 40 lowercase letters, digits, - and _, a letter first), found \"é\"\n" +
			"f:2:25: expected the name of an app (3 to 30 lowercase letters, digits and dashes, a letter first), found \"é\"\n" +
			"f:2:28: app and apps exclude each other; keep one of them"},
		{"brackets without end", production + "checks: " + strings.Repeat("[", 20000), "f:2:1: this line is 20008 bytes long, 4000 are allowed; break it into several lines"},
		{"aliases of aliases", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nchecks: [*c, *c]\n" + production, "f:1:1: unknown key \"a\" in the pipeline's file; known are branch, platform, build, prepare, checks, changes, windows, freezes, stages, insights and pipelines\n" +
			"f:2:1: unknown key \"b\" in the pipeline's file; known are branch, platform, build, prepare, checks, changes, windows, freezes, stages, insights and pipelines\n" +
			"f:3:1: unknown key \"c\" in the pipeline's file; known are branch, platform, build, prepare, checks, changes, windows, freezes, stages, insights and pipelines\n" +
			"f:4:10: anchors and aliases are not supported; write the value out; text that starts with * needs quotes: \"*c\"\n" +
			"f:4:14: anchors and aliases are not supported; write the value out; text that starts with * needs quotes: \"*c\""},
		{"a tracked tag", "branch: refs/tags/v1..2\n" + production, `f:1:9: git allows no branch with the name "refs/tags/v1..2"`},
		{"a pattern for a branch", "branch: release/*\n" + production, `f:1:9: expected the name of a branch, found "release/*"; one pipeline follows one branch; wildcards are not possible`},
		{"a key without a value", "prepare:\n" + production, "f:1:9: there is no value, expected the name of an app (3 to 30 lowercase letters, digits and dashes, a letter first) or the keys of prepare"},
		{"a check of our own", "checks: [headstart/staging]\n" + production, `f:1:10: "headstart/staging" is a status of Headstart itself, which would wait for itself forever; remove it`},
		{"a key of a stage at the top", production + "verify: {url: https://shop.example.com}\n", `f:2:1: unknown key "verify" in the pipeline's file; it is a key of a stage`},
		{"several pipelines", "pipelines: {api: {stages: [{name: production, app: shop}]}}\n", "f:1:1: several pipelines are not possible here, expected the keys of one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Parse([]byte(tt.file), "f")
			if err == nil {
				t.Fatalf("accepted, expected to be refused with:\n%s", tt.want)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("refused in other words:\ngot:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestProblemsAreBoundedAndCounted(t *testing.T) {
	var file strings.Builder
	for i := range 500 {
		file.WriteString("x" + strings.Repeat("y", i%7) + strings.Repeat("z", i) + ": 1\n")
		if file.Len() > config.MaxSize-1000 {
			break
		}
	}
	_, err := config.Parse([]byte(file.String()), "f")
	var refused *config.Error
	if !errors.As(err, &refused) {
		t.Fatal("a file of unknown keys was accepted")
	}
	if len(refused.Problems) != 100 || refused.More == 0 {
		t.Errorf("expected 100 problems and a count of the others, got %d and %d", len(refused.Problems), refused.More)
	}
	if !strings.Contains(err.Error(), "\n… and ") {
		t.Errorf("the text does not say that there are more problems")
	}
}

func TestProblemsNameTheirKey(t *testing.T) {
	_, err := config.Parse([]byte("stages:\n- name: staging\n  apps: [shop, Shop]\n- name: production\n  app: shop\n"), "f")
	var refused *config.Error
	if !errors.As(err, &refused) {
		t.Fatal("accepted")
	}
	var keys []string
	for _, p := range refused.Problems {
		keys = append(keys, p.Key)
	}
	if want := []string{"stages[0].apps[1]", "stages[1].app"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("the problems are with %v, got %v", want, keys)
	}
}
