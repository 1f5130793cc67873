package main

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

// lengthVar says how much the tests do: HEADSTART_TEST=long has them do all, as
// CI does. The short form does the same things, only fewer times.
const lengthVar = "HEADSTART_TEST"

// long reports whether everything was asked for. A test asks for that in its own text,
// by long, inShort, legs or onBoth: so .ci/run finds those to run in the long form.
func long() bool { return os.Getenv(lengthVar) == "long" }

// inShort is how often, or how long, a test does something: short for whoever
// runs `go test ./...`, all in the long form.
func inShort[T any](short, all T) T {
	if long() {
		return all
	}
	return short
}

// alsoLocal are the stories that the short form tells on the embedded platform,
// too: one of each thing that a platform does. There builds, releases and apps
// are real processes, which takes several times as long as the stand-in for Heroku.
var alsoLocal = []string{
	"TestPushToProduction",               // build, release, serve
	"TestCodeThatDoesNotBuild",           // a build that ends badly
	"TestReleasePhaseFails",              // a release that ends badly
	"TestRestartAnywhere",                // the bot stops in the middle
	"TestRollbackToAnArtifactThatIsGone", // an artifact that is lost
	"TestHistoryOfDeploys",               // what each of these leaves behind
}

// Every story that is listed exists.
func TestAlsoLocal(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, story := range alsoLocal {
		if !strings.Contains(all.String(), "\nfunc "+story+"(") {
			t.Errorf("alsoLocal lists %s, which no story is called", story)
		}
	}
}

// legs are the platforms on which a test tells its story: both, or, in the short
// form, Heroku alone for stories that alsoLocal does not list.
func legs(t *testing.T) []string {
	story, _, _ := strings.Cut(t.Name(), "/")
	if long() || slices.Contains(alsoLocal, story) {
		return []string{bot.PlatformHeroku, bot.PlatformLocal}
	}
	return []string{bot.PlatformHeroku}
}

// sideBySide has more tests run at once than there are cores: they wait for
// processes and for the disk much of the time. -parallel is obeyed.
func sideBySide() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(max(8, runtime.GOMAXPROCS(0)))); err != nil {
		panic(err)
	}
}
