package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kindOfRepo is a repository that somebody may try the demo with.
type kindOfRepo struct {
	files   map[string]string
	make    func(t *testing.T, dir string) // instead of one commit of the files
	folder  string                         // below the repository, for --repo
	flags   []string
	needs   string   // a command that it cannot do without; empty: git alone
	answers string   // what production answers; empty: it does not get there
	says    []string // what the demo prints, among other things
}

const pythonServes = "web: python3 -m http.server --bind 127.0.0.1 $PORT\n"

// kindsOfRepos are the kinds that the demo is tried with. Those that are quick and tell the
// most are tried by every run of the tests, all of them by the long form.
var kindsOfRepos = map[string]kindOfRepo{
	"static files": {files: map[string]string{"index.html": "<p>still</p>"}, needs: "python3", answers: "still",
		says: []string{"guessed, as there is no Procfile"}},
	"Python's http.server": {files: map[string]string{"Procfile": pythonServes, "index.html": "<p>snake</p>"}, needs: "python3", answers: "snake"},
	"Python with requirements": {make: commitPython, needs: "python3", answers: "from a wheel",
		says: []string{"pip install", "guessed, as there is a requirements.txt: Python"}},
	"Ruby": {files: map[string]string{"Gemfile": "source 'https://rubygems.org'\n", "Procfile": "web: bundle exec ruby server.rb\n", "server.rb": rubyServer},
		needs: "bundle", answers: "gems"},
	"Go": {files: map[string]string{"go.mod": "module example.com/hello/v2\n\ngo 1.21\n", "main.go": goServer}, needs: "go", answers: "gophers",
		says: []string{"Web: bin/hello"}},
	"Node.js without dependencies": {files: map[string]string{"package.json": `{"scripts": {"start": "node server.js"}}`, "server.js": nodeServer}, needs: "npm",
		answers: "nodes", says: []string{"Web: npm start"}},
	"no web line": {files: map[string]string{"Procfile": "worker: sleep 1000\n"},
		says: []string{"Its Procfile has no web line, but worker.", "--web COMMAND"}},
	"no web line, but --web": {files: map[string]string{"Procfile": "worker: sleep 1000\n", "index.html": "works"}, flags: []string{"--web", strings.TrimPrefix(strings.TrimSpace(pythonServes), "web: ")},
		needs: "python3", answers: "works"},
	"no Procfile, nothing known": {files: map[string]string{"notes.txt": "…", "api/Procfile": "web: x\n"},
		says: []string{"no Procfile committed at its top", "--web COMMAND", "/api"}},
	"web crashes": {files: map[string]string{"Procfile": "web: echo 'KeyError: DATABASE_URL' >&2; exit 3\n"},
		says: []string{"The release to staging failed.", "exit status 3", "KeyError: DATABASE_URL", "--env KEY=VALUE", "the push of"}},
	"web wants a config var": {files: map[string]string{"Procfile": `web: test -n "$COLOR" && ` + strings.TrimPrefix(pythonServes, "web: "), "index.html": "colored"},
		flags: []string{"--env", "COLOR=red"}, needs: "python3", answers: "colored"},
	"PORT is ignored": {files: map[string]string{"Procfile": "web: python3 -m http.server --bind 127.0.0.1 0\n"}, needs: "python3",
		says: []string{"it listens on ", ", not on PORT", "--web 'COMMAND --port $PORT'"}},
	"a shell script": {files: map[string]string{"Procfile": "web: sh serve.sh\n", "serve.sh": "cd public && exec python3 -m http.server --bind 127.0.0.1 \"$PORT\"\n", "public/index.html": "shells"},
		needs: "python3", answers: "shells", says: []string{"Build: none"}},
	"a Makefile": {files: map[string]string{"Makefile": "all:\n\tmkdir -p out && echo made > out/index.html\n", "Procfile": "web: cd out && " + strings.TrimPrefix(pythonServes, "web: ")},
		needs: "python3", answers: "made", says: []string{"Build: make"}},
	"the build fails": {files: map[string]string{"Makefile": "all:\n\t@echo 'cannot find -lssl' >&2; exit 1\n", "Procfile": pythonServes}, needs: "make",
		says: []string{"The build failed.", "cannot find -lssl", "--build COMMAND"}},
	"GET / answers 500": {files: map[string]string{"server.py": pythonFails, "Procfile": "web: python3 server.py\n"}, needs: "python3",
		says: []string{"it answers 500", "GET / has to be answered"}},
	"the release line fails": {files: map[string]string{"Procfile": "release: echo 'no database' && exit 4\n" + pythonServes},
		says: []string{"The release to staging failed.", "exit status 4", "no database", "--env KEY=VALUE"}},
	"Perl":          {files: map[string]string{"Procfile": "web: perl server.pl\n", "server.pl": perlServer}, needs: "perl", answers: "camels"},
	"no commit":     {make: func(t *testing.T, dir string) { git(t, dir, "init", "-q") }, says: []string{"has no commit yet", "git commit"}},
	"no repository": {make: func(*testing.T, string) {}, says: []string{"no git repository", "git init"}},
	"a folder of it": {files: map[string]string{"web/index.html": "a part", "Gemfile": "", "web/notes.txt": ""}, folder: "web", needs: "python3", answers: "a part",
		says: []string{"this folder alone"}},
	"a submodule": {make: commitSubmodule, needs: "python3", answers: "submodules", says: []string{"The submodule lib is not deployed"}},
	"spaces": {make: func(t *testing.T, dir string) {
		commit(t, dir, map[string]string{"my page/index.html": "room", "Procfile": "web: cd 'my page' && " + strings.TrimPrefix(pythonServes, "web: ")})
	}, folder: "", needs: "python3", answers: "room"},
	"not committed": {make: func(t *testing.T, dir string) {
		commit(t, dir, map[string]string{"index.html": "old"})
		write(t, dir, map[string]string{"index.html": "new"})
	}, needs: "python3", answers: "old", says: []string{"1 change is not committed"}},
	"no branch": {make: func(t *testing.T, dir string) {
		commit(t, dir, map[string]string{"index.html": "detached"})
		git(t, dir, "checkout", "-q", "--detach")
	}, needs: "python3", answers: "detached"},
}

// soonTold are the kinds that every run of the tests tries.
var soonTold = []string{"web crashes", "PORT is ignored", "the build fails", "no web line", "no commit"}

// The demo deploys repositories of many kinds, or says at once why it cannot, and what to try.
func TestDemoOfOwnRepositories(t *testing.T) {
	t.Parallel()
	for _, name := range inShort(soonTold, slices.Sorted(maps.Keys(kindsOfRepos))) {
		if name == "PORT is ignored" && runtime.GOOS != "linux" {
			continue // nobody knows there where it listens, so that this takes a minute
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kindsOfRepos[name].try(t)
		})
	}
}

// try deploys the repository's first commit as the demo does.
func (k kindOfRepo) try(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "an app") // with a space, as people have
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if k.make == nil {
		commit(t, dir, k.files)
	} else {
		k.make(t, dir)
	}
	_, port, _ := net.SplitHostPort(freeAddress(t))
	n, _ := strconv.Atoi(port)
	cmd := demoCommand{Repo: filepath.Join(dir, k.folder), Port: n}
	for i := 0; i < len(k.flags); i += 2 {
		switch k.flags[i] {
		case "--web":
			cmd.Web = k.flags[i+1]
		case "--env":
			cmd.Env = append(cmd.Env, k.flags[i+1])
		}
	}
	began := time.Now()
	var said bytes.Buffer
	answer, err := deployOnce(t.Context(), t, cmd, &said)
	all := said.String()
	if err != nil {
		all += err.Error()
	}
	t.Logf("%.1f s: %s", time.Since(began).Seconds(), strings.Join(strings.Split(strings.TrimSpace(all), "\n"), "\n\t"))
	if _, missing := exec.LookPath(k.needs); k.needs != "" && missing != nil {
		if err == nil || !strings.Contains(all, k.needs) {
			t.Errorf("without the command %s the demo should say that it is missing, it said %v:\n%s", k.needs, err, all)
		}
		return
	}
	switch {
	case k.answers != "" && err != nil:
		t.Errorf("the app should get to production, it did not: %v", err)
	case k.answers == "" && err == nil:
		t.Error("the app should not get to production, it did")
	case !strings.Contains(answer, k.answers):
		t.Errorf("production should answer with %q, it says %q", k.answers, answer)
	}
	for _, want := range k.says {
		if !strings.Contains(all, want) {
			t.Errorf("the demo should say %q, it said:\n%s", want, all)
		}
	}
}

// deployOnce is the demo up to where its first commit is live.
func deployOnce(ctx context.Context, t *testing.T, cmd demoCommand, said *bytes.Buffer) (string, error) {
	w, err := openWorld(ctx, cmd, t.TempDir(), newView(untilClosed{said, func() {}}))
	if err != nil {
		return "", err
	}
	defer w.close()
	for _, line := range w.app.said {
		w.view.print("%s", line)
	}
	if _, err := w.firstPush(ctx); err != nil {
		return "", err
	}
	return w.get(ctx, "demo-production")
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	args = append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"}, args...)
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func commit(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	write(t, dir, files)
	git(t, dir, "init", "-q")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "First")
}

// commitPython makes an app with a dependency that needs no network: a wheel beside it.
func commitPython(t *testing.T, dir string) {
	commit(t, dir, map[string]string{
		"vendor/greet-1.0-py3-none-any.whl": wheel(t), "requirements.txt": "./vendor/greet-1.0-py3-none-any.whl\n",
		"Procfile": "web: python3 app.py\n",
		"app.py": `import http.server, os, greet
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(greet.words)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
`,
	})
}

// wheel is a package of Python's: https://packaging.python.org/specifications/binary-distribution-format.
func wheel(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{
		{"greet.py", "words = b'from a wheel'\n"},
		{"greet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n"},
		{"greet-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{"greet-1.0.dist-info/RECORD", "greet.py,,\ngreet-1.0.dist-info/METADATA,,\ngreet-1.0.dist-info/WHEEL,,\ngreet-1.0.dist-info/RECORD,,\n"},
	} {
		w, err := z.Create(f[0])
		if err == nil {
			_, err = fmt.Fprint(w, f[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func commitSubmodule(t *testing.T, dir string) {
	lib := filepath.Join(t.TempDir(), "lib")
	if err := os.MkdirAll(lib, 0o755); err != nil {
		t.Fatal(err)
	}
	commit(t, lib, map[string]string{"lib.txt": "shared"})
	write(t, dir, map[string]string{"index.html": "without submodules"})
	git(t, dir, "init", "-q")
	git(t, dir, "submodule", "--quiet", "add", lib, "lib")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "First")
}

const (
	goServer = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "gophers") })
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
`
	nodeServer = `require("http").createServer((_, res) => res.end("nodes")).listen(process.env.PORT, "127.0.0.1")
`
	pythonFails = `import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
`
	rubyServer = `require "socket"
server = TCPServer.new("127.0.0.1", ENV["PORT"].to_i)
loop do
  client = server.accept
  while (line = client.gets) && line != "\r\n"; end
  client.print "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngems"
  client.close
end
`
	perlServer = `use strict;
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ENV{PORT}, Listen => 5, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
	while (my $line = <$client>) { last if $line eq "\r\n" }
	print $client "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncamels";
	close $client;
}
`
)

// With --keep a first build that fails ends nothing: what mends it can be pushed.
func TestDemoKeepsAFailedBuild(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	dir := filepath.Join(t.TempDir(), "app")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	commit(t, dir, map[string]string{"build.sh": "exit 1\n", "Procfile": "web: sleep 1000\n"})
	_, port, _ := net.SplitHostPort(freeAddress(t))
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := &hearer{heard: make(chan struct{}, 1)}, make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--repo", dir, "--build", "sh build.sh", "--keep", "--port", port, "--ci", "0s"}, out, out)
	}()
	out.find(t, regexp.MustCompile(`The demo stopped here: the push of [0-9a-f]{7} did not get to production\.`))
	clone := strings.Fields(out.find(t, regexp.MustCompile(`git clone \S+ && cd demo`)))[2]
	out.find(t, regexp.MustCompile(`See it in the browser, by the same link as above:\n.*\n`))
	git(t, t.TempDir(), "clone", "-q", clone, dir+"-clone")
	write(t, dir+"-clone", map[string]string{"build.sh": "exit 0\n"})
	git(t, dir+"-clone", "commit", "-q", "-a", "-m", "Mend it")
	git(t, dir+"-clone", "push", "-q")
	out.find(t, regexp.MustCompile(`build       done `))
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("being stopped is no error, the demo said: %v", err)
	}
	expectEmpty(t, tmp)
}
