package github_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func TestWhatLiesBetweenTwoCommits(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "one\ntwo\nthree\nfour\n", "docs/x": "1"})
	second := w.commit(map[string]string{"docs/x": "2"})
	head := w.commit(map[string]string{"db/migrate/1.sql": "create table t", "docs/x": "3"})
	var read bot.ChangesRead
	w.costs(1, func() { read = do[bot.ChangesRead](w, bot.ReadChanges{Base: base.SHA, Head: head.SHA}) })
	if read.Base != base.SHA || read.Head != head.SHA || read.Relation != "ahead" || read.Total != 2 || !read.Complete {
		t.Errorf("the head is two commits ahead, got %+v", read)
	}
	if len(read.Commits) != 2 || read.Commits[0].SHA != second.SHA || read.Commits[1].SHA != head.SHA || read.Commits[0].Title == "" || read.Commits[0].Author == "" {
		t.Errorf("the commits come oldest first, each with a title and an author, got %+v", read.Commits)
	}
	if want := []string{"db/migrate/1.sql", "docs/x"}; !slices.Equal(read.Files, want) {
		t.Errorf("the files that differ are %q, got %q", want, read.Files)
	}
	for want, pair := range map[string][2]string{"behind": {head.SHA, base.SHA}, "identical": {head.SHA, head.SHA}} {
		if read := do[bot.ChangesRead](w, bot.ReadChanges{Base: pair[0], Head: pair[1]}); read.Relation != want || read.Total != 0 || len(read.Commits) != 0 {
			t.Errorf("the relation is %s and adds nothing, got %+v", want, read)
		}
	}
	side, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	last := w.commit(map[string]string{"c": "1"})
	if read := do[bot.ChangesRead](w, bot.ReadChanges{Base: last.SHA, Head: side.SHA}); read.Relation != "diverged" || !slices.Equal(read.Files, []string{"b"}) {
		t.Errorf("a pull request's own changes are those since it left the branch, got %+v", read)
	}
	if refused := w.refuse(bot.ReadChanges{Base: strings.Repeat("ab", 20), Head: head.SHA}); !errors.Is(refused, bot.ErrNotFound) {
		t.Errorf("there is no such commit, got %v", refused)
	}
	w.refuse(bot.ReadChanges{Head: head.SHA})
}

func TestOldNamesOfRenamedFilesCount(t *testing.T) {
	w := start(t)
	w.Inject(githubtest.Fault{Match: "GET */compare/*", Status: 200, Body: `{"status":"ahead","total_commits":1,
		"commits":[{"sha":"x","commit":{"message":"Move it\n\nBecause.","author":{"name":"Ana"}},"author":null}],
		"files":[{"filename":"new","previous_filename":"old","status":"renamed"},{"filename":"b","previous_filename":"a","status":"copied"}]}`})
	read := do[bot.ChangesRead](w, bot.ReadChanges{Base: "a", Head: "b"})
	if want := []string{"old", "new", "b"}; !slices.Equal(read.Files, want) || !read.Complete {
		t.Errorf("a rename touches both names and a copy one: expected %q, got %+v", want, read)
	}
	if want := (bot.ChangedBy{SHA: "x", Title: "Move it", Author: "Ana"}); len(read.Commits) != 1 || read.Commits[0] != want {
		t.Errorf("expected %+v, got %+v", want, read.Commits)
	}
}

func TestLongComparisonsAreIncomplete(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "1"})
	files := map[string]string{}
	for i := range 299 {
		files[fmt.Sprintf("f%03d", i)] = fmt.Sprint(i)
	}
	most := w.commit(files)
	if read := do[bot.ChangesRead](w, bot.ReadChanges{Base: base.SHA, Head: most.SHA}); len(read.Files) != 299 || !read.Complete {
		t.Errorf("299 files are all of them, got %d (complete: %v)", len(read.Files), read.Complete)
	}
	many := w.commit(map[string]string{"g1": "1", "g2": "2"})
	if read := do[bot.ChangesRead](w, bot.ReadChanges{Base: base.SHA, Head: many.SHA}); len(read.Files) != 300 || read.Complete {
		t.Errorf("GitHub lists 300 of 301 files, got %d (complete: %v)", len(read.Files), read.Complete)
	}
	w.Inject(githubtest.Fault{Match: "GET */compare/*", Status: 200, Body: `{"status":"ahead","total_commits":300,"commits":[{"sha":"x"}],"files":[]}`})
	if read := do[bot.ChangesRead](w, bot.ReadChanges{Base: "a", Head: "b"}); read.Complete || read.Total != 300 {
		t.Errorf("commits are missing, got %+v", read)
	}
	for _, body := range []string{`{}`, `null`, ``, `[]`, `{"status":"sideways"}`} {
		w.Inject(githubtest.Fault{Match: "GET */compare/*", Status: 200, Body: body})
		if _, err := w.perform(bot.Effect{Do: bot.ReadChanges{Base: "a", Head: "b"}}); kind(err) != "retry" {
			t.Errorf("the answer %q says nothing: ask again, got %v", body, err)
		}
	}
}

func TestWhichFilesDiffer(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "one\ntwo\nthree\nfour\n", "docs/x": "1"})
	w.commit(map[string]string{"docs/x": "2"})
	head := w.commit(map[string]string{"db/migrate/1.sql": "create table t"})
	side, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	last := w.commit(map[string]string{"c": "1"})
	for _, c := range []struct {
		name, base, head string
		files            []string
		complete         bool
		more             int // requests, to see whether it is the base that is gone
	}{
		{"what came after", base.SHA, head.SHA, []string{"db/migrate/1.sql", "docs/x"}, true, 0},
		{"nothing", head.SHA, head.SHA, nil, true, 0},
		{"what was there before, of which GitHub lists nothing", head.SHA, base.SHA, nil, false, 0},
		{"two that parted, of which GitHub lists one side", last.SHA, side.SHA, []string{"b"}, false, 0},
		{"a commit that is gone", strings.Repeat("ab", 20), head.SHA, nil, false, 1},
	} {
		w.costs(1+c.more, func() {
			read := do[bot.FilesRead](w, bot.ReadFiles{Base: c.base, Head: c.head})
			if read.Base != c.base || read.Head != c.head || !slices.Equal(read.Files, c.files) || read.Complete != c.complete {
				t.Errorf("%s: expected %q (complete: %v), got %+v", c.name, c.files, c.complete, read)
			}
		})
	}
	w.refuse(bot.ReadFiles{Head: head.SHA})
}

func TestMoreFilesThanGitHubListsAreNotAll(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "1"})
	files := map[string]string{}
	for i := range 299 {
		files[fmt.Sprintf("docs/%03d", i)] = fmt.Sprint(i)
	}
	most := w.commit(files)
	if read := do[bot.FilesRead](w, bot.ReadFiles{Base: base.SHA, Head: most.SHA}); len(read.Files) != 299 || !read.Complete {
		t.Errorf("299 files are all of them, got %d (complete: %v)", len(read.Files), read.Complete)
	}
	many := w.commit(map[string]string{"z.sql": "1"})
	if read := do[bot.FilesRead](w, bot.ReadFiles{Base: base.SHA, Head: many.SHA}); len(read.Files) != 300 || read.Complete {
		t.Errorf("300 files are perhaps not all, got %d (complete: %v)", len(read.Files), read.Complete)
	}
	w.Inject(githubtest.Fault{Match: "GET */compare/*", Status: 200, Body: `{"status":"ahead","total_commits":1,
		"files":[{"filename":"docs/new","previous_filename":"db/old","status":"renamed"}]}`})
	if read := do[bot.FilesRead](w, bot.ReadFiles{Base: "a", Head: "b"}); !slices.Equal(read.Files, []string{"db/old", "docs/new"}) || !read.Complete {
		t.Errorf("a renamed file counts by both names, got %+v", read)
	}
	w.Inject(githubtest.Fault{Match: "GET */compare/*", Status: 200, Body: `{"status":"ahead","total_commits":1,"files":[]}`})
	if read := do[bot.FilesRead](w, bot.ReadFiles{Base: "a", Head: "b"}); read.Complete {
		t.Errorf("an answer without files says nothing where the commits differ, got %+v", read)
	}
}
