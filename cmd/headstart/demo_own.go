package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// folder is the folder of a git repository that --repo names.
type folder struct {
	dir    string // as the user wrote it
	top    string // of the repository; empty: it is bare
	below  string // of the top, with a slash behind; empty: it is the top
	commit string
	branch string // empty: none is checked out
}

// openFolder says at once what keeps a folder from being deployed.
func openFolder(ctx context.Context, dir string) (folder, error) {
	f := folder{dir: dir}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return f, fmt.Errorf("--repo %s: there is no such folder", dir)
	}
	if _, err := f.git(ctx, "rev-parse", "--git-dir"); err != nil {
		return f, fmt.Errorf("--repo %s: that is no git repository. Make it one:\n    cd %s && git init && git add . && git commit -m 'First'\ngit said: %w", dir, quoteShell(dir), err)
	}
	var err error
	if f.commit, err = f.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"); err != nil {
		return f, fmt.Errorf("--repo %s: it has no commit yet. Make the first one:\n    cd %s && git add . && git commit -m 'First'", dir, quoteShell(dir))
	}
	f.branch, _ = f.git(ctx, "symbolic-ref", "--quiet", "--short", "HEAD") // fails where none is checked out
	f.top, _ = f.git(ctx, "rev-parse", "--show-toplevel")                  // fails in a bare repository
	f.below, err = f.git(ctx, "rev-parse", "--show-prefix")
	return f, err
}

// git runs git in the folder, and returns what it said without the last line's end.
func (f folder) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", f.dir}, args...)...)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil && problem.Len() > 0 {
		err = errors.New(strings.TrimSpace(problem.String()))
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// entries lists the committed files of the folder, and the submodules in it.
func (f folder) entries(ctx context.Context) (files, error) {
	found := files{names: map[string]bool{}, tool: func(name string) bool { _, err := exec.LookPath(name); return err == nil }}
	list, err := f.git(ctx, "ls-tree", "-r", "-z", "HEAD")
	if err != nil {
		return found, fmt.Errorf("--repo %s: list its files: %w", f.dir, err)
	}
	for entry := range strings.SplitSeq(list, "\x00") {
		kind, name, _ := strings.Cut(entry, "\t")
		switch {
		case strings.HasPrefix(kind, "160000"):
			found.submodules = append(found.submodules, name)
		case name != "":
			found.names[name] = true
		}
	}
	found.read = func(name string) string {
		if !found.names[name] {
			return ""
		}
		text, _ := f.git(ctx, "show", "HEAD:"+f.below+name)
		return text
	}
	return found, nil
}

// warnings are about what a deploy of this folder does not have.
func (f folder) warnings(ctx context.Context, has files) (list []string) {
	if changed, _ := f.git(ctx, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules", "--", "."); changed != "" {
		n := strings.Count(changed, "\n") + 1
		list = append(list, fmt.Sprintf("%d %s not committed: they are not deployed.", n, plural(n, "change is", "changes are")))
	}
	if n := len(has.submodules); n > 0 {
		list = append(list, fmt.Sprintf("The %s %s not deployed: the source that GitHub hands out has an empty folder there.",
			plural(n, "submodule", "submodules")+" "+strings.Join(has.submodules, ", "), plural(n, "is", "are")))
	}
	if strings.Contains(has.read(".gitattributes"), "filter=lfs") {
		list = append(list, "Files in Git LFS are deployed as pointers: the source that GitHub hands out has nothing else.")
	}
	return list
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// ownApp is the user's repository, imported as it was committed. It is given a
// pipeline's file of the demo's own, because its real one speaks of real apps.
// Nobody knows what the app answers, so that its releases are not verified. dir is a folder
// for what is made on the way.
func ownApp(ctx context.Context, gh *githubtest.Server, cmd demoCommand, dir string) (demoApp, *githubtest.Repo, error) {
	f, err := openFolder(ctx, cmd.Repo)
	if err != nil {
		return demoApp{}, nil, err
	}
	has, err := f.entries(ctx)
	if err != nil {
		return demoApp{}, nil, err
	}
	app := demoApp{env: cmd.Env, again: "headstart demo --repo " + quoteShell(cmd.Repo), said: []string{f.introduce()}}
	app.said = append(app.said, f.warnings(ctx, has)...)
	build, procfile, said, err := plan(f.dir, has, cmd)
	if err != nil {
		return demoApp{}, nil, err
	}
	app.said = append(app.said, said...)
	imported, err := f.importTo(ctx, gh, dir)
	if err != nil {
		return demoApp{}, nil, err
	}
	pipeline, err := demoPipeline(build)
	if err != nil {
		return demoApp{}, nil, err
	}
	app.first = map[string]string{config.Path: pipeline}
	if procfile != "" {
		app.first["Procfile"] = procfile
	}
	app.change = func(n int) map[string]string {
		return map[string]string{".headstart-demo": fmt.Sprintf("change %d\n", n)}
	}
	app.spoil = func() map[string]string { return map[string]string{".headstart-demo": "CI fails for this one\n"} }
	app.mend = "echo mended > .headstart-demo"
	return app, imported, nil
}

// introduce says which commit is deployed.
func (f folder) introduce() string {
	what := f.commit[:7]
	if f.branch != "" {
		what = f.branch + ", " + what
	}
	if f.below != "" {
		return fmt.Sprintf("Deployed is %s (%s), this folder alone.", f.dir, what)
	}
	return fmt.Sprintf("Deployed is %s (%s).", f.dir, what)
}

// importTo hands the repository to the stand-in for GitHub. Of a folder below the top it
// hands over that folder, as one commit.
func (f folder) importTo(ctx context.Context, gh *githubtest.Server, dir string) (*githubtest.Repo, error) {
	if f.below == "" {
		return gh.ImportRepo(demoRepo, f.dir)
	}
	alone := folder{dir: filepath.Join(dir, "folder.git")}
	if out, err := exec.CommandContext(ctx, "git", "init", "--quiet", "--bare", "--initial-branch=main", alone.dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copy %s: %s", f.dir, bytes.TrimSpace(out))
	}
	if _, err := alone.git(ctx, "fetch", "--quiet", "--no-tags", f.top, "HEAD"); err != nil {
		return nil, fmt.Errorf("copy %s: %w", f.dir, err)
	}
	sha, err := alone.git(ctx, "-c", "user.name=Headstart", "-c", "user.email=headstart@example.com",
		"commit-tree", "-m", "The folder "+strings.TrimSuffix(f.below, "/"), "FETCH_HEAD:"+strings.TrimSuffix(f.below, "/"))
	if err == nil {
		_, err = alone.git(ctx, "update-ref", "refs/heads/main", sha)
	}
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", f.dir, err)
	}
	return gh.ImportRepo(demoRepo, alone.dir)
}

var (
	// verifyLine is a stage's verification in the demo's pipeline file.
	verifyLine = regexp.MustCompile(`(?m)^ +verify: .*\n`)
	buildLine  = regexp.MustCompile(`(?m)^build: .*\n`)
)

// demoPipeline is the demo's pipeline with a build command; empty: there is nothing to build.
func demoPipeline(build string) (string, error) {
	file, err := sampleFiles.ReadFile("sample/headstart.yml")
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("build: %q\n", cmp.Or(build, "true"))
	return buildLine.ReplaceAllLiteralString(verifyLine.ReplaceAllString(string(file), ""), line), nil
}
