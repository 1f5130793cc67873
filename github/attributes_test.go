package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// Two commits with the same files have the same source unless a .gitattributes makes
// git archive write the commit into a file. What may do that counts as doing it.
func TestWhatMayWriteTheCommitIntoTheSource(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"no attributes":                 {map[string]string{"a": "1", "docs/gitattributes": "* export-subst"}, true},
		"others":                        {map[string]string{".gitattributes": "*.txt text eol=lf\n*.png binary\n.gitattributes export-ignore\n"}, true},
		"taken away":                    {map[string]string{".gitattributes": "version.txt -export-subst\nother.txt !export-subst\n"}, true},
		"a comment":                     {map[string]string{".gitattributes": "  # version.txt export-subst\n"}, true},
		"a file of that name":           {map[string]string{".gitattributes": "export-subst text\n"}, true},
		"set":                           {map[string]string{".gitattributes": "version.txt export-subst\n"}, false},
		"among others":                  {map[string]string{".gitattributes": "version.txt\ttext   export-subst eol=lf"}, false},
		"set, and taken away later":     {map[string]string{".gitattributes": "*.txt export-subst\n*.txt -export-subst\n"}, false},
		"through a macro":               {map[string]string{".gitattributes": "[attr]stamped export-subst\nversion.txt stamped\n"}, false},
		"with Windows' line ends":       {map[string]string{".gitattributes": "a text\r\nversion.txt export-subst\r\n"}, false},
		"after a byte order mark":       {map[string]string{".gitattributes": "\ufeffversion.txt export-subst"}, false},
		"a pattern with spaces":         {map[string]string{".gitattributes": "\"the version\" export-subst\n"}, false},
		"in a folder":                   {map[string]string{".gitattributes": "* text\n", "lib/deep/.gitattributes": "VERSION export-subst\n"}, false},
		"kept out of the tarball":       {map[string]string{".gitattributes": ".gitattributes export-ignore\nVERSION export-subst\n"}, false},
		"in a folder with another name": {map[string]string{"x.gitattributes": "VERSION export-subst\n", ".gitattributes.d/a": "VERSION export-subst\n"}, true},
	} {
		for _, without := range []string{"", "GET */git/trees/*"} {
			t.Run(strings.TrimSuffix(name+"/"+without, "/"), func(t *testing.T) {
				w := start(t)
				commit := w.commit(c.files)
				if without != "" { // GitHub knows a commit before its tree
					w.Inject(githubtest.Fault{Match: without, Status: 404, Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"message":"Not Found"}`, Times: 99})
				}
				read := do[bot.SourceRead](w, bot.ReadSource{SHA: commit.SHA, Tree: commit.Tree})
				if got := read.Of == bot.SourceOfTree; got != c.want {
					t.Errorf("the source is made of files alone: got %v, want %v", got, c.want)
				}
			})
		}
	}
}

func TestTreesAreReadOnce(t *testing.T) {
	w := start(t)
	first := w.commit(map[string]string{".gitattributes": "a text\n", "a": "1"})
	second := w.commit(map[string]string{"a": "2"})
	ask := func(c githubtest.Commit) {
		t.Helper()
		if read := do[bot.SourceRead](w, bot.ReadSource{SHA: c.SHA, Tree: c.Tree}); read.Of != bot.SourceOfTree {
			t.Errorf("%s is made of files alone, got %+v", c.SHA, read)
		}
	}
	w.costs(2, func() { ask(first) })
	w.costs(0, func() { ask(first) })
	w.costs(1, func() { ask(second) }) // its .gitattributes is the same
}

// What is not known is not so.
func TestWhatGitHubDoesNotShowIsNotOfTheTree(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	for name, f := range map[string]githubtest.Fault{
		"too many files": {Match: "GET */git/trees/*", Status: 200, Body: `{"tree":[{"path":"a","type":"blob","sha":"` + commit.SHA + `"}],"truncated":true}`, Times: 1},
		"no rights":      {Match: "GET */*", Status: 403, Times: 9},
		"nothing at all": {Match: "GET */*", Status: 404, Times: 9},
	} {
		w.Inject(f)
		fact, err := w.perform(bot.Effect{Do: bot.ReadSource{SHA: commit.SHA, Tree: "0" + commit.Tree[1:]}})
		if read, _ := fact.(bot.SourceRead); read.Of == bot.SourceOfTree {
			t.Errorf("%s: the source counts as made of files alone (%v)", name, err)
		}
	}
}

// What git archive leaves out though the commit has it: the files of submodules, and the contents of files in Git LFS.
func TestWhatTheTarballLacks(t *testing.T) {
	const other = "0123456789012345678901234567890123456789"
	for name, c := range map[string]struct {
		change githubtest.Change
		want   *bot.Absent
	}{
		"nothing":            {githubtest.Change{Files: map[string]string{"a": "1", ".gitattributes": "*.psd binary\n"}}, nil},
		"a submodule":        {githubtest.Change{Files: map[string]string{".gitmodules": "…"}, Submodules: map[string]string{"vendor/theme": other, "icons": other}}, &bot.Absent{Submodules: []string{"icons", "vendor/theme"}}},
		"files in LFS":       {githubtest.Change{Files: map[string]string{"img/a.psd": "version 1", ".gitattributes": "*.psd filter=lfs diff=lfs merge=lfs -text\n*.zip filter=lfs\n"}}, &bot.Absent{LFS: []string{"*.psd"}}},
		"a pattern alone":    {githubtest.Change{Files: map[string]string{"a": "1", ".gitattributes": "*.psd filter=lfs\n# *.a filter=lfs\n"}}, nil},
		"of a folder":        {githubtest.Change{Files: map[string]string{"lib/a.bin": "1", "lib/.gitattributes": "/*.bin filter=lfs\n"}}, &bot.Absent{LFS: []string{"/*.bin"}}},
		"of another folder":  {githubtest.Change{Files: map[string]string{"a.bin": "1", "lib/.gitattributes": "*.bin filter=lfs\n", "lib/b": "1"}}, nil},
		"any depth":          {githubtest.Change{Files: map[string]string{"img/x/a.png": "1", ".gitattributes": "img/** filter=lfs\n"}}, &bot.Absent{LFS: []string{"img/**"}}},
		"both, and anew out": {githubtest.Change{Files: map[string]string{"a.psd": "1", ".gitattributes": "*.psd filter=lfs\n"}, Submodules: map[string]string{"theme": other}}, &bot.Absent{Submodules: []string{"theme"}, LFS: []string{"*.psd"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			commit, err := w.shop.Push("main", c.change)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // it is remembered
				if read := do[bot.SourceRead](w, bot.ReadSource{SHA: commit.SHA, Tree: commit.Tree}); !read.Absent.Same(c.want) {
					t.Errorf("the tarball should lack %+v, got %+v", c.want, read.Absent)
				}
			}
		})
	}
}
