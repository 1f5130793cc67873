package bot_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/headstart-cd/headstart/"

// pure is what the decisions may be made of: nothing that does I/O, reads the
// clock, draws at random or starts goroutines.
var pure = []string{
	"bytes", "cmp", "encoding/json", "errors", "fmt", "hash/fnv", "iter", "maps", "math", "path", "reflect", "regexp",
	"slices", "sort", "strconv", "strings", "sync", "time", "unicode", "unicode/utf8",
}

// notPure are the functions of those packages that the decisions may not call.
var notPure = []string{
	"time.Now(", "time.Since(", "time.Until(", "time.After(", "time.AfterFunc(", "time.Sleep(", "time.Tick(", "time.NewTimer(", "time.NewTicker(",
	"time.LoadLocation(", "fmt.Print", "go func",
}

// inward says which rooms a room may look into, besides itself and the rooms
// inside it that stand in for the world in tests. What is not listed here is a
// room without a place in the design.
var inward = map[string][]string{
	".":                          {}, // what is written for people
	"bot":                        {"bot/redact", "bot/words", "bot/calendar", "bot/command"},
	"bot/redact":                 {},
	"bot/words":                  {},
	"bot/calendar":               {},
	"bot/command":                {"bot/redact", "bot/words"},
	"bot/pipeline":               {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command"},
	"bot/gate":                   {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline"},
	"bot/render":                 {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline", "bot/gate"},
	"bot/release":                {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline"},
	"bot/steer":                  {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline", "bot/gate", "bot/release"},
	"bot/apply":                  {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline", "bot/gate", "bot/render", "bot/release", "bot/steer"},
	"bot/decide":                 {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline", "bot/gate", "bot/render", "bot/apply"},
	"bot/history":                {"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline", "bot/gate", "bot/render", "bot/apply", "bot/decide"},
	"bot/bottest":                {"bot", "platform", "insight"},
	"bot/engine":                 {"bot"},
	"bot/simulation":             {"bot", "bot/engine", "platform"},
	"webhooks":                   {"bot", "bot/engine"},
	"github":                     {"bot", "bot/engine"},
	"github/githubtest":          {"bot"},
	"platform":                   {"bot", "bot/engine"},
	"platform/platformtest":      {"bot", "platform"},
	"internal/browsertest":       {},
	"internal/clocktest":         {},
	"internal/postgrestest":      {},
	"platform/heroku":            {"bot", "platform"},
	"platform/local":             {"bot", "platform"},
	"store":                      {"bot", "bot/engine", "insight"},
	"config":                     {"bot"},
	"insight":                    {"bot"},
	"web":                        {"bot", "bot/history", "doctor", "insight"},
	"doctor":                     {"bot"},
	"setup":                      {"bot"},
	"probe":                      {"bot"},
	"cmd/headstart":              {"*"},
	"platform/heroku/herokutest": {"bot"},
}

// inTests says what the tests of a room may look into besides: the benchmark of
// the receiver stores for real.
var inTests = map[string][]string{"webhooks": {"store"}}

// core are the rooms that decisions are made in.
var core = []string{"bot", "bot/redact", "bot/words", "bot/calendar", "bot/command", "bot/pipeline", "bot/gate", "bot/render", "bot/release",
	"bot/steer", "bot/apply", "bot/decide", "bot/history"}

func isPure(room string) bool { return slices.Contains(core, room) }

// roomOf finds the room that a folder belongs to: itself, or the one around it.
func roomOf(dir string) string {
	if dir == "." {
		return dir
	}
	for ; dir != "."; dir = path.Dir(dir) {
		if _, ok := inward[dir]; ok {
			return dir
		}
		if path.Dir(dir) == "bot" {
			return "" // each folder of the core is a room of its own
		}
	}
	return ""
}

func TestImportsPointInward(t *testing.T) {
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && name != ".." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		rel := filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator)))
		if strings.HasSuffix(file, ".go") {
			checkImports(t, file, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkImports(t *testing.T, file, rel string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	room, test := roomOf(path.Dir(rel)), strings.HasSuffix(rel, "_test.go")
	if room == "" {
		t.Errorf("%s is in no room of the design", rel)
		return
	}
	for _, spec := range parsed.Imports {
		to, _ := strconv.Unquote(spec.Path.Value)
		inside, ours := strings.CutPrefix(to, module)
		switch {
		case !ours && isPure(room) && !test && !slices.Contains(pure, to):
			t.Errorf("%s imports %s: decisions are made of the pure part of the standard library", rel, to)
		case ours && !mayImport(room, roomOf(inside), test):
			t.Errorf("%s imports %s: %s may look into %v only", rel, to, room, inward[room])
		}
	}
}

func mayImport(from, to string, test bool) bool {
	if from == to || slices.Contains(inward[from], to) || slices.Contains(inward[from], "*") {
		return true
	}
	if isPure(to) && !isPure(from) && slices.Contains(inward[from], "bot") {
		return true // the rooms of the core are told apart inside of it
	}
	if test && from == "bot" {
		return true // stories are told by the whole core
	}
	// Tests may stand on the stand-ins: their own, and those of what they may import.
	return test && (strings.HasSuffix(to, "test") || slices.Contains(inTests[from], to))
}

func TestDecisionsArePure(t *testing.T) {
	var files []string
	for _, room := range core {
		found, err := filepath.Glob("../" + room + "/*.go")
		if err != nil || len(found) == 0 {
			t.Fatalf("the room %s has no Go files: %v", room, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text := readFile(t, file)
		for _, call := range notPure {
			if call == "time.LoadLocation(" && filepath.ToSlash(file) == "../bot/calendar/calendar.go" {
				continue // the database of time zones comes with the program
			}
			if strings.Contains(text, call) {
				t.Errorf("%s has %s…): the clock, goroutines and output are for the rooms around", file, call)
			}
		}
	}
}
