package local

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// passed are the variables of this process that builds and apps get to see:
// what finds programs, names the locale, or makes compilers and package
// managers use caches and mirrors. Everything else may be a secret.
var passed = []string{
	"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
}

var passedToBuilds = []string{
	"GOCACHE", "GOMODCACHE", "GOPATH", "GOROOT", "GOTOOLCHAIN", "GOFLAGS", "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB",
	"GOPRIVATE", "GOINSECURE", "GOEXPERIMENT", "GOMAXPROCS", "CGO_ENABLED", "CC", "CXX",
	"npm_config_cache", "npm_config_registry", "YARN_CACHE_FOLDER", "PIP_CACHE_DIR", "PIP_INDEX_URL", "BUNDLE_PATH",
	"CARGO_HOME", "RUSTUP_HOME",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// environ is a set of environment variables.
type environ map[string]string

// list is the set as a process takes it, in a stable order.
func (e environ) list() []string {
	var l []string
	for _, k := range slices.Sorted(maps.Keys(e)) {
		l = append(l, k+"="+e[k])
	}
	return l
}

// secrets are the values that may be secret and are long enough to be known
// again: all but those that this platform tells, longest first.
func (e environ) secrets() []string {
	const least = 6 // characters
	told := slices.Concat(passed, []string{"HOME", "PORT", "HEADSTART_APP", "HEROKU_APP_NAME", "HEADSTART_COMMIT", "HEADSTART_REVISION",
		"HEROKU_BUILD_COMMIT", "HEROKU_SLUG_COMMIT", "HEADSTART_RELEASE", "HEROKU_RELEASE_VERSION", "HEADSTART_COPY_DIR"})
	var list []string
	for name, value := range e {
		if len(value) >= least && !slices.Contains(told, name) {
			list = append(list, value)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return list
}

func parseEnviron(list []string) environ {
	e := environ{}
	for _, kv := range list {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			e[k] = v
		}
	}
	return e
}

// only picks the allowed variables, except where one carries a password. What is passed
// to everybody holds paths and locales: folders have an @ in their names without any.
func (e environ) only(names ...string) environ {
	picked := environ{}
	for _, name := range names {
		if v, ok := e[name]; ok && v != "" && (slices.Contains(passed, name) || !carriesPassword(v)) {
			picked[name] = v
		}
	}
	return picked
}

// carriesPassword finds user:password@ in lists of URLs, as proxies and
// registries have them.
func carriesPassword(v string) bool {
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return strings.ContainsRune(", |", r) }) {
		if u, err := url.Parse(part); err == nil && u.User != nil {
			return true
		}
		if strings.Contains(part, "@") && strings.Contains(part, ":") { // HTTP_PROXY may lack its scheme
			return true
		}
	}
	return false
}

// buildEnviron is what a build command sees.
func (p *Platform) buildEnviron(commit, home string) environ {
	ours := parseEnviron(p.opts.Environ)
	e := ours.only(slices.Concat(passed, passedToBuilds)...)
	// HOME is new for every build. The caches that compilers would look for there
	// stay where they are.
	caches := filepath.Join(p.opts.Dir, "cache")
	goCache, goMod, npm := filepath.Join(caches, "go-build"), filepath.Join(caches, "go-mod"), filepath.Join(caches, "npm")
	if user := ours["HOME"]; user != "" && user != "/" {
		goCache, npm = filepath.Join(userCache(ours), "go-build"), filepath.Join(user, ".npm")
		goMod = filepath.Join(user, "go", "pkg", "mod")
	}
	if path := e["GOPATH"]; path != "" {
		goMod = filepath.Join(filepath.SplitList(path)[0], "pkg", "mod")
	}
	for name, def := range map[string]string{
		"PATH": defaultPath, "GOCACHE": goCache, "GOMODCACHE": goMod, "npm_config_cache": npm,
	} {
		if e[name] == "" {
			e[name] = def
		}
	}
	e["HOME"] = home
	e["SOURCE_VERSION"], e["HEADSTART_COMMIT"] = commit, commit
	return e
}

// userCache is os.UserCacheDir for a given environment.
func userCache(e environ) string {
	if dir := e["XDG_CACHE_HOME"]; dir != "" {
		return dir
	}
	if mac := filepath.Join(e["HOME"], "Library", "Caches"); isDir(mac) {
		return mac
	}
	return filepath.Join(e["HOME"], ".cache")
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// runEnviron is what a release's processes see. The config vars, in the file,
// may override what this process passes on, but not what the platform tells.
func (p *Platform) runEnviron(a *app, rel releaseRecord, dir, file string) (environ, error) {
	e := parseEnviron(p.opts.Environ).only(passed...)
	if e["PATH"] == "" {
		e["PATH"] = defaultPath
	}
	e["HOME"] = dir
	vars, err := readConfigVars(file)
	if err != nil {
		return nil, err
	}
	maps.Copy(e, vars)
	maps.Copy(e, environ{
		"HEADSTART_APP": a.name, "HEROKU_APP_NAME": a.name,
		"HEADSTART_COMMIT": rel.Commit, "HEADSTART_REVISION": rel.Commit, "HEROKU_BUILD_COMMIT": rel.Commit, "HEROKU_SLUG_COMMIT": rel.Commit,
		"HEADSTART_RELEASE": rel.id(), "HEROKU_RELEASE_VERSION": rel.id(),
	})
	if a.hasCopy() {
		e["HEADSTART_COPY_DIR"] = a.copyDir()
	}
	delete(e, "PORT")
	return e, nil
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// readConfigVars reads an app's config vars: a line each, KEY=VALUE, the value
// taken as it is to the end of the line. Empty lines and lines that begin with #
// are skipped; a file that is missing holds none. Errors name lines, never
// values.
func readConfigVars(file string) (environ, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return environ{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e := environ{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if k = strings.TrimSpace(k); !ok || !variable.MatchString(k) || strings.ContainsRune(v, 0) {
			return nil, sentence(fmt.Sprintf("Line %d of the app's config vars is not KEY=VALUE.", n))
		}
		e[k] = v
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the app's config vars: %w", err)
	}
	return e, nil
}

// procfile maps the process types of a Procfile to their lines.
type procfile map[string]string

var processType = regexp.MustCompile(`^([A-Za-z0-9_-]+):\s*(\S.*)$`)

// procfileOf is [readProcfile] of the folder of a release.
func procfileOf(dir string) (procfile, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readProcfile(root)
}

// procfileLimit is how large a Procfile may be, in bytes.
const procfileLimit = 64 << 10

// readProcfile reads the Procfile of an unpacked artifact, which has to have a
// web line. The error is a sentence for people.
func readProcfile(root *os.Root) (procfile, error) {
	data, err := readInside(root, "Procfile", procfileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sentence("There is no Procfile: add one with a line like `web: bin/web`.")
	}
	if err != nil {
		return nil, err
	}
	f := procfile{}
	for line := range strings.Lines(string(data)) {
		if m := processType.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			f[m[1]] = m[2]
		}
	}
	if f["web"] == "" {
		return nil, sentence("The Procfile has no web line: add one like `web: bin/web`.")
	}
	return f, nil
}
