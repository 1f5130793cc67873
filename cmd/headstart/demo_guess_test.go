package main

import (
	"strings"
	"testing"
)

// filesOf are files with texts, on a machine that has every command but some.
func filesOf(texts map[string]string, without ...string) files {
	f := files{names: map[string]bool{}, read: func(name string) string { return texts[name] },
		tool: func(name string) bool { return !strings.Contains(strings.Join(without, " "), name) }}
	for name := range texts {
		f.names[name] = true
	}
	return f
}

// The files of an app tell how it is built and started, as they tell Heroku's buildpacks.
func TestGuess(t *testing.T) {
	for what, k := range map[string]struct {
		files            map[string]string
		kind, build, web string
	}{
		"nothing known":       {map[string]string{"notes.txt": ""}, "", "", ""},
		"Rails":               {map[string]string{"Gemfile": "", "bin/rails": "", "package.json": "{}"}, "Ruby", "bundle install", "bundle exec rails server -p $PORT"},
		"Rack":                {map[string]string{"Gemfile": "", "config.ru": ""}, "Ruby", "bundle install", "bundle exec rackup -p $PORT"},
		"npm":                 {map[string]string{"package.json": `{"dependencies": {"a": "1"}, "scripts": {"start": "a", "build": "b"}}`, "package-lock.json": ""}, "Node.js", "npm ci --no-audit --no-fund && npm run build", "npm start"},
		"yarn":                {map[string]string{"package.json": `{"devDependencies": {"a": "1"}, "main": "lib/main.js"}`, "yarn.lock": "", "lib/main.js": ""}, "Node.js", "yarn install --frozen-lockfile", "node lib/main.js"},
		"pnpm":                {map[string]string{"package.json": `{"dependencies": {"a": "1"}}`, "pnpm-lock.yaml": "", "index.js": ""}, "Node.js", "pnpm install --frozen-lockfile", "node index.js"},
		"a broken manifest":   {map[string]string{"package.json": `{"dependencies": `}, "Node.js", "", ""},
		"Django":              {map[string]string{"requirements.txt": "django", "manage.py": ""}, "Python", "-r requirements.txt", "python3 manage.py runserver --noreload 127.0.0.1:$PORT"},
		"Flask":               {map[string]string{"requirements.txt": "flask", "app.py": "app = Flask(__name__)"}, "Python", "-r requirements.txt", "python3 -m flask --app app run --port $PORT"},
		"FastAPI":             {map[string]string{"pyproject.toml": "", "main.py": "app = FastAPI()"}, "Python", ".headstart/python .", "python3 -m uvicorn main:app --port $PORT"},
		"plain Python":        {map[string]string{"server.py": `os.environ["PORT"]`}, "Python", "", "python3 server.py"},
		"Python without PORT": {map[string]string{"main.py": "print()"}, "Python", "", ""},
		"Maven":               {map[string]string{"pom.xml": ""}, "Java", "mvn -B -q -DskipTests package", ""},
		"Maven's wrapper":     {map[string]string{"pom.xml": "", "mvnw": ""}, "Java", "sh ./mvnw -B -q -DskipTests package", ""},
		"Gradle":              {map[string]string{"build.gradle.kts": ""}, "Java", "gradle --no-daemon -q assemble", ""},
		"Gradle's wrapper":    {map[string]string{"build.gradle": "", "gradlew": ""}, "Java", "sh ./gradlew --no-daemon -q assemble", ""},
		"PHP":                 {map[string]string{"composer.json": "", "public/index.php": ""}, "PHP", "composer install", "php -S 127.0.0.1:$PORT -t public"},
		"Go":                  {map[string]string{"go.mod": "module example.com/shop\n", "main.go": ""}, "Go", "go build -o bin/ ./...", "bin/shop"},
		"Go, version 2":       {map[string]string{"go.mod": "module example.com/shop/v2\n", "main.go": ""}, "Go", "go build -o bin/ ./...", "bin/shop"},
		"Go below cmd":        {map[string]string{"go.mod": "module example.com/shop\n", "cmd/web/main.go": "", "Makefile": ""}, "Go", "go build -o bin/ ./...", "bin/web"},
		"Go, two programs":    {map[string]string{"go.mod": "module example.com/shop\n", "cmd/web/main.go": "", "cmd/job/main.go": ""}, "Go", "go build -o bin/ ./...", ""},
		"Rust":                {map[string]string{"Cargo.toml": "[package]\nname = \"shop\"\n"}, "Rust", "cargo build --release", "target/release/shop"},
		"Perl":                {map[string]string{"cpanfile": "", "app.psgi": ""}, "Perl", "cpanm", "plackup --port $PORT app.psgi"},
		"make":                {map[string]string{"GNUmakefile": "", "index.html": ""}, "make", "make", ""},
		"static files below":  {map[string]string{"public/index.html": ""}, "static files", "", "python3 -m http.server --bind 127.0.0.1 --directory public $PORT"},
	} {
		got := guess(filesOf(k.files))
		if got.kind != k.kind || got.web != k.web || !strings.Contains(got.build, k.build) || k.build == "" && got.build != "" {
			t.Errorf("%s should be %q, built with %q and started with %q, it is %+v", what, k.kind, k.build, k.web, got)
		}
	}
	if got := guess(filesOf(map[string]string{"index.html": ""}, "python3", "ruby")); got.web != "php -S 127.0.0.1:$PORT -t ." {
		t.Errorf("without Python and Ruby, PHP should serve the files, it is %q", got.web)
	}
}

// A plan keeps what the repository says itself, and puts what was installed in reach.
func TestPlan(t *testing.T) {
	python := map[string]string{"requirements.txt": "", "Procfile": "release: ./migrate\nweb: gunicorn app:app --bind :$PORT\nworker: x\n"}
	_, procfile, _, err := plan("app", filesOf(python), demoCommand{})
	want := `: export PYTHONPATH="$PWD/.headstart/python" PATH="$PWD/.headstart/python/bin:$PATH"; `
	if err != nil || procfile != "release"+want+"./migrate\nweb"+want+"gunicorn app:app --bind :$PORT\nworker: x\n" {
		t.Errorf("the Procfile's lines should find what pip installed, got %v:\n%s", err, procfile)
	}
	if build, procfile, said, err := plan("app", filesOf(python), demoCommand{Build: "./build"}); err != nil || build != "./build" || procfile != "" || len(said) != 1 {
		t.Errorf("with --build the Procfile should stay as it is, got %q, %q, %q, %v", build, procfile, said, err)
	}
	if _, procfile, _, err := plan("app", filesOf(python), demoCommand{Build: "./build", Web: "./run"}); err != nil || procfile != "release: ./migrate\nworker: x\nweb: ./run\n" {
		t.Errorf("--web should take the web line's place, got %v:\n%s", err, procfile)
	}
	if _, _, _, err := plan("my app", filesOf(python, "python3"), demoCommand{}); err == nil || !strings.Contains(err.Error(), "needs python3") || !strings.Contains(err.Error(), "--repo 'my app' --build COMMAND") {
		t.Errorf("a command that is missing should be said, with what to try, got %v", err)
	}
}
