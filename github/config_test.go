package github_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

const configPath = ".github/headstart.yml"

func TestThePipelinesFileIsReadAsOfACommit(t *testing.T) {
	w := start(t)
	without := w.commit(map[string]string{"README": "hello"})
	first := w.commit(map[string]string{configPath: "staging\n"})
	broken := w.commit(map[string]string{configPath: "two words\n"})
	last := w.commit(map[string]string{configPath: "production\n"})
	_, err := w.shop.Push("main", githubtest.Change{Delete: []string{configPath}, Files: map[string]string{configPath + "/nested": "x"}})
	w.must(err)

	for ref, stage := range map[string]string{first.SHA: "staging", last.SHA: "production"} {
		w.costs(1, func() {
			read := do[bot.ConfigRead](w, bot.ReadConfig{Ref: ref})
			if !read.Found || read.Ref != ref || read.Problem != "" || len(read.Config.Stages) != 1 || read.Config.Stages[0].Name != stage {
				t.Errorf("the file at %s names %s, got %+v", ref, stage, read)
			}
		})
	}
	if read := do[bot.ConfigRead](w, bot.ReadConfig{Ref: broken.SHA}); !read.Found || read.Problem != ".github/headstart.yml:1:4: a name has no spaces" {
		t.Errorf("the problem should be one sentence with its position, got %+v", read)
	}
	if read := do[bot.ConfigRead](w, bot.ReadConfig{Ref: "main"}); !read.Found || !strings.Contains(read.Problem, "folder") {
		t.Errorf("a folder is no file, got %+v", read)
	}
	w.costs(2, func() {
		if read := do[bot.ConfigRead](w, bot.ReadConfig{Ref: without.SHA}); read.Found || read.Problem != "" || read.Ref != without.SHA {
			t.Errorf("there was no file yet, got %+v", read)
		}
	})
	_, err = w.shop.Push("feature/x", githubtest.Change{Delete: []string{configPath + "/nested"}})
	w.must(err)
	if read := do[bot.ConfigRead](w, bot.ReadConfig{Ref: "feature/x"}); read.Found {
		t.Errorf("there is no file on the branch, got %+v", read)
	}
	if read := do[bot.ConfigRead](w, bot.ReadConfig{}); !read.Found {
		t.Errorf("without a ref the default branch is meant, got %+v", read)
	}
}

func TestEachPipelineFindsItsPartOfTheFile(t *testing.T) {
	w := start(t)
	several := w.commit(map[string]string{configPath: "web:production api:staging\n"})
	single := w.commit(map[string]string{configPath: "production\n"})
	for _, c := range []struct {
		pipeline, ref, stage string
		names                []string
	}{
		{"api", several.SHA, "staging", []string{"api", "web"}},
		{"web", several.SHA, "production", []string{"api", "web"}},
		{"docs", several.SHA, "", []string{"api", "web"}},
		{"", several.SHA, "", []string{"api", "web"}},
		{"", single.SHA, "production", nil},
		{"api", single.SHA, "", nil},
	} {
		w.target.Pipeline.Name = c.pipeline
		read := do[bot.ConfigRead](w, bot.ReadConfig{Ref: c.ref})
		if read.Found != (c.stage != "") || read.Problem != "" || !slices.Equal(read.Names, c.names) {
			t.Errorf("the pipeline %q should be there: %t, among %v; got %+v", c.pipeline, c.stage != "", c.names, read)
		}
		if read.Found && (len(read.Config.Stages) != 1 || read.Config.Stages[0].Name != c.stage) {
			t.Errorf("the pipeline %q should have the stage %s, got %+v", c.pipeline, c.stage, read.Config)
		}
	}
}

func TestAMissingFileIsNotAMissingRepository(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"README": "hello"})
	for _, ref := range []string{strings.Repeat("ab", 20), "no-such-branch"} {
		if refused := w.refuse(bot.ReadConfig{Ref: ref}); !errors.Is(refused, bot.ErrNotFound) {
			t.Errorf("there is no %s: got %v", ref, refused)
		}
	}
	if _, err := w.CreateRepo("acme/hidden", githubtest.RepoOptions{NotInstalled: true}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hidden", "nothing"} {
		w.target.Pipeline.Repo.Name = name
		for _, ref := range []string{strings.Repeat("ab", 20), "main", ""} {
			if refused := w.refuse(bot.ReadConfig{Ref: ref}); !strings.Contains(refused.Reason, "acme/"+name) {
				t.Errorf("the App may not see acme/%s, and should say so: got %q", name, refused.Reason)
			}
		}
	}
}

func TestFilesThatAreNoFiles(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"README": "hello"})
	for answer, want := range map[string]string{
		`{"type":"file","encoding":"none","size":1100000,"content":""}`: "too large",
		`{"type":"symlink","target":"../x"}`:                            "symlink",
		`{"type":"submodule"}`:                                          "submodule",
	} {
		w.Inject(githubtest.Fault{Match: "GET */contents/*", Status: 200, Body: answer})
		if read := do[bot.ConfigRead](w, bot.ReadConfig{Ref: commit.SHA}); !read.Found || !strings.Contains(read.Problem, want) {
			t.Errorf("%s should be a problem about %q, got %+v", answer, want, read)
		}
	}
	for _, answer := range []string{`{}`, `null`, `"x"`, ``, `{"type":"file","encoding":"base64","content":"%%%"}`, `{"type":"file","encoding":"rot13","content":"x"}`} {
		w.Inject(githubtest.Fault{Match: "GET */contents/*", Status: 200, Body: answer})
		if _, err := w.perform(bot.Effect{Do: bot.ReadConfig{Ref: commit.SHA}}); answer != `null` && kind(err) != "retry" {
			t.Errorf("%q is no file: expected retry, got %v", answer, err)
		}
	}
}
