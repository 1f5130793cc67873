package main

import (
	"cmp"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
)

// files are those of a commit, as far as a guess needs them.
type files struct {
	names      map[string]bool          // paths from the top
	submodules []string                 // where they are
	read       func(name string) string // a file's text; empty if there is none
	tool       func(name string) bool   // whether this machine has a command
}

// recipe is how an app is built and started.
type recipe struct {
	kind   string // such as Python
	why    string // the file that says so
	build  string // empty: there is nothing to build
	web    string // how it starts, for want of a Procfile; empty: nobody knows
	around string // goes before each line of the Procfile
	needs  string // the command that build needs
}

// kinds are tried in the order in which Heroku's buildpacks are. A Makefile is the last
// resort: its first target may be anything.
var kinds = []func(files) (recipe, bool){
	rubyApp, nodeApp, pythonApp, javaApp, phpApp, goApp, rustApp, perlApp, makeApp, staticSite,
}

// guess tells how an app with these files is usually built and started; the zero recipe:
// nothing is known of it.
func guess(f files) recipe {
	for _, kind := range kinds {
		if r, ok := kind(f); ok {
			return r
		}
	}
	return recipe{}
}

// first is the first of some files that is there; empty: none is.
func (f files) first(names ...string) string {
	for _, name := range names {
		if f.names[name] {
			return name
		}
	}
	return ""
}

func rubyApp(f files) (recipe, bool) {
	r := recipe{kind: "Ruby", why: "Gemfile", needs: "bundle", build: "bundle config set --local path vendor/bundle && bundle install"}
	switch {
	case f.names["bin/rails"]:
		r.web = "bundle exec rails server -p $PORT"
	case f.names["config.ru"]:
		r.web = "bundle exec rackup -p $PORT"
	}
	return r, f.names["Gemfile"]
}

func nodeApp(f files) (recipe, bool) {
	var manifest struct {
		Main                          string
		Scripts                       map[string]string
		Dependencies, DevDependencies map[string]string
	}
	if !f.names["package.json"] {
		return recipe{}, false
	}
	_ = json.Unmarshal([]byte(f.read("package.json")), &manifest) // npm says what is wrong with it
	r := recipe{kind: "Node.js", why: "package.json", needs: "node"}
	if len(manifest.Dependencies)+len(manifest.DevDependencies) > 0 {
		r.around = `PATH="$PWD/node_modules/.bin:$PATH"; `
		switch f.first("pnpm-lock.yaml", "yarn.lock", "package-lock.json") {
		case "pnpm-lock.yaml":
			r.needs, r.build = "pnpm", "pnpm install --frozen-lockfile"
		case "yarn.lock":
			r.needs, r.build = "yarn", "yarn install --frozen-lockfile"
		case "package-lock.json":
			r.needs, r.build = "npm", "npm ci --no-audit --no-fund"
		default:
			r.needs, r.build = "npm", "npm install --no-audit --no-fund"
		}
	}
	if manifest.Scripts["build"] != "" {
		r.needs = cmp.Or(strings.TrimSuffix(r.needs, "node"), "npm")
		r.build = strings.TrimPrefix(r.build+" && npm run build", " && ")
	}
	switch main := f.first(manifest.Main, "server.js", "index.js", "app.js"); {
	case manifest.Scripts["start"] != "":
		r.web = "npm start"
		if r.needs == "node" {
			r.needs = "npm"
		}
	case main != "":
		r.web = "node " + quoteShell(main)
	}
	return r, true
}

// python is where the packages of an app go: beside its code, as a virtual environment
// does not survive being moved to the release's folder.
const python = ".headstart/python"

func pythonApp(f files) (recipe, bool) {
	why := f.first("requirements.txt", "pyproject.toml", "setup.py", "manage.py", "app.py", "main.py", "server.py")
	r := recipe{kind: "Python", why: why, needs: "python3"}
	install := "python3 -m pip install --quiet --disable-pip-version-check --target " + python
	switch why {
	case "":
		return r, false
	case "requirements.txt":
		r.build = install + " -r requirements.txt"
	case "pyproject.toml", "setup.py":
		r.build = install + " ."
	}
	if r.build != "" {
		r.around = `export PYTHONPATH="$PWD/` + python + `" PATH="$PWD/` + python + `/bin:$PATH"; `
	}
	main := f.first("app.py", "main.py", "server.py")
	text := f.read(main)
	switch module := strings.TrimSuffix(main, ".py"); {
	case f.names["manage.py"]:
		r.web = "python3 manage.py runserver --noreload 127.0.0.1:$PORT"
	case strings.Contains(text, "Flask("):
		r.web = "python3 -m flask --app " + module + " run --port $PORT"
	case strings.Contains(text, "FastAPI("):
		r.web = "python3 -m uvicorn " + module + ":app --port $PORT"
	case strings.Contains(text, "PORT"):
		r.web = "python3 " + main
	}
	return r, true
}

func javaApp(f files) (recipe, bool) {
	r := recipe{kind: "Java"}
	switch r.why = f.first("pom.xml", "build.gradle", "build.gradle.kts"); {
	case r.why == "":
		return r, false
	case f.names["mvnw"]:
		r.build = "sh ./mvnw -B -q -DskipTests package"
	case r.why == "pom.xml":
		r.needs, r.build = "mvn", "mvn -B -q -DskipTests package"
	case f.names["gradlew"]:
		r.build = "sh ./gradlew --no-daemon -q assemble"
	default:
		r.needs, r.build = "gradle", "gradle --no-daemon -q assemble"
	}
	return r, true
}

func phpApp(f files) (recipe, bool) {
	r := recipe{kind: "PHP", why: f.first("composer.json", "index.php", "public/index.php")}
	if r.why == "composer.json" {
		r.needs, r.build = "composer", "composer install --no-dev --no-interaction --quiet"
	}
	switch f.first("public/index.php", "index.php") {
	case "public/index.php":
		r.web = "php -S 127.0.0.1:$PORT -t public"
	case "index.php":
		r.web = "php -S 127.0.0.1:$PORT"
	}
	return r, r.why != ""
}

var goModule = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)

func goApp(f files) (recipe, bool) {
	r := recipe{kind: "Go", why: "go.mod", needs: "go", build: "mkdir -p bin && go build -o bin/ ./..."}
	if m := goModule.FindStringSubmatch(f.read("go.mod")); m != nil && f.names["main.go"] {
		name := path.Base(m[1])
		if majorVersion.MatchString(name) && strings.Contains(m[1], "/") {
			name = path.Base(path.Dir(m[1]))
		}
		r.web = "bin/" + quoteShell(name)
	} else if found := commandFolders(f); len(found) == 1 {
		r.web = "bin/" + quoteShell(found[0])
	}
	return r, f.names["go.mod"]
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// commandFolders are the folders below cmd that hold a program in Go.
func commandFolders(f files) (found []string) {
	for name := range f.names {
		if dir, ok := strings.CutPrefix(path.Dir(name), "cmd/"); ok && path.Base(name) == "main.go" && !strings.Contains(dir, "/") {
			found = append(found, dir)
		}
	}
	slices.Sort(found)
	return found
}

var cargoName = regexp.MustCompile(`(?m)^name\s*=\s*"([^"]+)"`)

func rustApp(f files) (recipe, bool) {
	r := recipe{kind: "Rust", why: "Cargo.toml", needs: "cargo", build: "cargo build --release --quiet"}
	if m := cargoName.FindStringSubmatch(f.read("Cargo.toml")); m != nil {
		r.web = "target/release/" + quoteShell(m[1])
	}
	return r, f.names["Cargo.toml"]
}

func perlApp(f files) (recipe, bool) {
	r := recipe{kind: "Perl", why: "cpanfile", needs: "cpanm", build: "cpanm --quiet --notest --local-lib local --installdeps .",
		around: `export PERL5LIB="$PWD/local/lib/perl5" PATH="$PWD/local/bin:$PATH"; `}
	if f.names["app.psgi"] {
		r.web = "plackup --port $PORT app.psgi"
	}
	return r, f.names["cpanfile"]
}

func makeApp(f files) (recipe, bool) {
	r := recipe{kind: "make", why: f.first("Makefile", "makefile", "GNUmakefile"), needs: "make", build: "make"}
	return r, r.why != ""
}

// staticSite is served by the first of some programs that is there.
func staticSite(f files) (recipe, bool) {
	why := f.first("index.html", "public/index.html", "dist/index.html")
	r := recipe{kind: "static files", why: why}
	dir := path.Dir(why)
	for _, server := range []struct{ tool, line string }{
		{"python3", "python3 -m http.server --bind 127.0.0.1 --directory " + dir + " $PORT"},
		{"ruby", "ruby -run -e httpd " + dir + " -b 127.0.0.1 -p $PORT"},
		{"php", "php -S 127.0.0.1:$PORT -t " + dir},
		{"busybox", "busybox httpd -f -p 127.0.0.1:$PORT -h " + dir},
	} {
		if r.web == "" && f.tool(server.tool) {
			r.web = server.line
		}
	}
	return r, why != ""
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// quoteShell makes one word of text for a shell.
func quoteShell(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
