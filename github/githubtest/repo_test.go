package githubtest_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func TestCommitMakesRealObjectsAndAPushEvent(t *testing.T) {
	w := start(t)
	first := w.commit("Procfile", "web: ./shop\n")
	second, err := w.shop.Push("main", githubtest.Change{
		Files: map[string]string{"a dir/ü \"q\".txt": "1"}, Executable: map[string]string{"bin/run": "#!/bin/sh\n"}, Author: "ada", Message: "Second\n\nWith a body",
	}, githubtest.Change{Files: map[string]string{"Procfile": "web: ./shop2\n"}, Delete: []string{"bin/run"}, Author: "grace"})
	w.must(err)

	push := parse[github.PushEvent](t, w.last("push"))
	if push.GetBefore() != first.SHA || push.GetAfter() != second.SHA || push.GetRef() != "refs/heads/main" || push.GetForced() {
		t.Errorf("push is %s..%s of %s, want %s..%s of main", push.GetBefore(), push.GetAfter(), push.GetRef(), first.SHA, second.SHA)
	}
	if push.GetHeadCommit().GetTreeID() != second.Tree || len(second.Tree) != 40 {
		t.Errorf("head_commit.tree_id = %q, want %q", push.GetHeadCommit().GetTreeID(), second.Tree)
	}
	if len(push.Commits) != 2 || !slices.Equal(push.Commits[0].Added, []string{`a dir/ü "q".txt`, "bin/run"}) ||
		!slices.Equal(push.Commits[1].Modified, []string{"Procfile"}) || !slices.Equal(push.Commits[1].Removed, []string{"bin/run"}) {
		t.Errorf("push lists commits %+v", push.Commits)
	}
	if push.GetInstallation().GetID() != w.InstallationID("acme") || push.GetSender().GetLogin() != "grace" || push.GetRepo().GetDefaultBranch() != "main" ||
		!push.GetRepo().GetPushedAt().Equal(github.Timestamp{Time: w.clock.Now()}) {
		t.Errorf("push is by %s in installation %d, pushed at %v", push.GetSender().GetLogin(), push.GetInstallation().GetID(), push.GetRepo().GetPushedAt())
	}

	commit, _, err := w.api.Repositories.GetCommit(w.ctx, "acme", "shop", "main", nil)
	w.must(err)
	if commit.GetSHA() != second.SHA || commit.GetCommit().GetTree().GetSHA() != second.Tree || len(commit.Files) != 2 {
		t.Errorf("GET commit = %s with %d files", commit.GetSHA(), len(commit.Files))
	}
	if _, _, err := w.api.Git.GetCommit(w.ctx, "acme", "shop", second.SHA); err != nil {
		t.Error(err)
	}
	ref, _, err := w.api.Git.GetRef(w.ctx, "acme", "shop", "heads/main")
	if err != nil || ref.GetObject().GetSHA() != second.SHA {
		t.Errorf("GET ref = %v, %v", ref, err)
	}
	all, _, err := w.api.Repositories.ListCommits(w.ctx, "acme", "shop", nil)
	if err != nil || len(all) != 3 {
		t.Errorf("GET commits = %d, %v, want 3", len(all), err)
	}
}

func TestForcePushBranchDeletionAndTags(t *testing.T) {
	w := start(t)
	first, second := w.commit("a", "1"), w.commit("a", "2")
	w.must(w.shop.ForcePush("main", first.SHA))
	if push := parse[github.PushEvent](t, w.last("push")); !push.GetForced() || push.GetAfter() != first.SHA || len(push.Commits) != 0 {
		t.Errorf("a force push back says forced=%t, %d commits", push.GetForced(), len(push.Commits))
	}
	w.must(w.shop.CreateBranch("topic", second.SHA))
	if push := parse[github.PushEvent](t, w.last("push")); !push.GetCreated() || push.GetBefore() != strings.Repeat("0", 40) || len(push.Commits) != 1 {
		t.Errorf("a new branch says created=%t before=%s, %d commits", push.GetCreated(), push.GetBefore(), len(push.Commits))
	}
	w.must(w.shop.DeleteBranch("topic"))
	gone := w.last("push")
	if push := parse[github.PushEvent](t, gone); !push.GetDeleted() || push.GetAfter() != strings.Repeat("0", 40) || gone.payload["head_commit"] != nil {
		t.Errorf("a deleted branch says deleted=%t after=%s head=%v", push.GetDeleted(), push.GetAfter(), gone.payload["head_commit"])
	}
	w.must(w.shop.Tag("v1", "main"))
	if push := parse[github.PushEvent](t, w.last("push")); push.GetRef() != "refs/tags/v1" || push.GetAfter() != first.SHA {
		t.Errorf("a tag's push is of %s", push.GetRef())
	}
}

func TestContents(t *testing.T) {
	w := start(t)
	long := strings.Repeat("name: x\n", 40)
	first := w.commit(".github/headstart.yml", long)
	w.commit(".github/headstart.yml", "other")
	file, _, _, err := w.api.Repositories.GetContents(w.ctx, "acme", "shop", ".github/headstart.yml", &github.RepositoryContentGetOptions{Ref: first.SHA})
	w.must(err)
	if content, err := file.GetContent(); err != nil || content != long {
		t.Errorf("content = %q, %v", content, err)
	}
	_, dir, _, err := w.api.Repositories.GetContents(w.ctx, "acme", "shop", ".github", nil)
	if err != nil || len(dir) != 1 || dir[0].GetPath() != ".github/headstart.yml" {
		t.Errorf("folder = %v, %v", dir, err)
	}
	for _, path := range []string{"nothing.yml", ".github/other"} {
		if _, _, resp, err := w.api.Repositories.GetContents(w.ctx, "acme", "shop", path, nil); err == nil || resp.StatusCode != 404 {
			t.Errorf("GET %s = %v, want 404", path, err)
		}
	}
	if _, _, resp, _ := w.api.Repositories.GetContents(w.ctx, "acme", "shop", ".github/headstart.yml", &github.RepositoryContentGetOptions{Ref: "gone"}); resp.StatusCode != 404 {
		t.Errorf("a file of an unknown ref answers %d, want 404", resp.StatusCode)
	}
	body, _, err := w.api.Repositories.DownloadContents(w.ctx, "acme", "shop", ".github/headstart.yml", nil)
	w.must(err)
	defer body.Close()
	if text, err := io.ReadAll(body); err != nil || string(text) != "other" {
		t.Errorf("downloaded %q, %v", text, err)
	}
}

func TestTarballWorksForFiveMinutes(t *testing.T) {
	w := start(t)
	c, err := w.shop.Push("main", githubtest.Change{Files: map[string]string{"Procfile": "web: ./run\n"}, Executable: map[string]string{"run": "#!/bin/sh\n"}})
	w.must(err)
	link, _, err := w.api.Repositories.GetArchiveLink(w.ctx, "acme", "shop", github.Tarball, &github.RepositoryContentGetOptions{Ref: c.SHA}, 0)
	w.must(err)
	resp, err := http.Get(link.String())
	w.must(err)
	defer resp.Body.Close()
	zip, err := gzip.NewReader(resp.Body)
	w.must(err)
	var names []string
	for files := tar.NewReader(zip); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		w.must(err)
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		names = append(names, h.Name)
		if strings.HasSuffix(h.Name, "/run") && h.Mode&0o111 == 0 {
			t.Error("the tarball lost the executable bit")
		}
	}
	folder := "acme-shop-" + c.SHA[:7] + "/"
	if want := []string{folder, folder + "Procfile", folder + "run"}; !slices.Equal(names, want) {
		t.Errorf("tarball holds %q, want %q", names, want)
	}
	w.clock.Advance(5 * time.Minute)
	late, err := http.Get(link.String())
	w.must(err)
	defer late.Body.Close()
	if late.StatusCode != 404 {
		t.Errorf("the location answers %d after five minutes, want 404", late.StatusCode)
	}
}

func TestGitPushOverHTTP(t *testing.T) {
	w := start(t)
	first := w.commit("a", "1")
	dir := filepath.Join(t.TempDir(), "clone")
	git := func(at string, args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "http.postBuffer=65536"}, args...)...)
		cmd.Dir = at
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	remote := strings.Replace(w.shop.CloneURL(), "http://", "http://ada:x@", 1)
	git(t.TempDir(), "clone", "--quiet", remote, dir)
	big := make([]byte, 300_000) // more than the buffer: git sends it in chunks
	for i := range big {
		big[i] = byte(i * i >> 3)
	}
	w.must(os.WriteFile(filepath.Join(dir, "big"), big, 0o644))
	git(dir, "add", ".")
	git(dir, "commit", "--quiet", "-m", "Add big")
	git(dir, "push", "--quiet", "origin", "HEAD:main", "HEAD:refs/heads/feature/x")
	tip := git(dir, "rev-parse", "HEAD")
	w.flush()
	refs := map[string]string{}
	for _, h := range w.inbox.of("push")[1:] {
		push := parse[github.PushEvent](t, h)
		refs[push.GetRef()] = push.GetBefore() + ".." + push.GetAfter() + " by " + push.GetSender().GetLogin()
	}
	if refs["refs/heads/main"] != first.SHA+".."+tip+" by ada" || refs["refs/heads/feature/x"] != strings.Repeat("0", 40)+".."+tip+" by ada" {
		t.Errorf("git push sent %v", refs)
	}
	if branch, _, err := w.api.Repositories.GetBranch(w.ctx, "acme", "shop", "feature/x", 0); err != nil || branch.GetCommit().GetSHA() != tip {
		t.Errorf("GET branch feature/x = %v, %v", branch, err)
	}

	imported, err := w.ImportRepo("acme/copy", dir)
	w.must(err)
	if imported.Head("main") != tip || imported.DefaultBranch() != "main" {
		t.Errorf("the import's main is %s, want %s", imported.Head("main"), tip)
	}
	if _, err := w.ImportRepo("acme/none", t.TempDir()); err == nil || !strings.Contains(err.Error(), "no git repository") {
		t.Errorf("importing a plain folder says %v", err)
	}
}
