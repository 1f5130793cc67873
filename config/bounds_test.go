//go:build unix

package config_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

// How much more processor time the worst file may take than an honest one of the
// same size. A file that got past the bounds would take hundreds of times as much.
const worst = 25

// processor is the time that this process has had of a processor so far: other
// processes do not make it longer.
func processor(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cost is the processor time that reading a file takes, the smallest of three
// measurements. The kernel may count in steps of 4 ms: so it is read several times.
func cost(t testing.TB, file string, times int) time.Duration {
	least := time.Duration(1<<63 - 1)
	for range 3 {
		before := processor(t)
		for range times {
			_, _ = config.ParseOf(bot.Repo{Owner: "acme", Name: "shop"}, []byte(file), "f")
		}
		least = min(least, (processor(t)-before)/time.Duration(times))
	}
	return least
}

// honest is a valid file that is as large as one may be.
func honest(t testing.TB) string {
	var b strings.Builder
	b.WriteString("checks: [ci/test, lint]\nwindows: {office: {days: mon-fri, from: \"09:00\", to: \"17:00\", zone: UTC}}\nstages:\n")
	for i := 0; b.Len() < config.MaxSize-200; i++ {
		fmt.Fprintf(&b, "  - name: stage-%d\n    app: shop-stage-%d\n    windows: [office]\n    verify:\n      url: https://shop.example.com/healthz\n      contains: ok\n", i, i)
	}
	if _, err := config.Parse([]byte(b.String()), "f"); err != nil {
		t.Fatalf("a large honest file is refused: %v", err)
	}
	return b.String()
}

// full repeats a text until the file is as large as one may be.
func full(before, again string) string {
	return before + strings.Repeat(again, (config.MaxSize-len(before))/len(again))
}

// hostile are files that keep the YAML library busy for seconds unless they are
// held up before it.
func hostile() map[string]string {
	deep := strings.Builder{}
	for i := 0; deep.Len() < config.MaxSize-300; i++ {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return map[string]string{
		"lists in lists":            full("", "- "),
		"lists in lists, in lines":  full("", "- - - - - - - - - - - - - - - - - - - -\n"),
		"lists in brackets":         full("", "["),
		"lists in brackets, closed": full("", "[")[:config.MaxSize/2] + full("", "]")[:config.MaxSize/2],
		"brackets in a line each":   full("", "[\n"),
		"keys in brackets":          full("a: ", "[a: "),
		"lists in a bracket":        full("[", "- "),
		"maps in braces":            full("", "{a: "),
		"keys with question marks":  full("", "? "),
		"deeper keys":               deep.String(),
		"keys without values":       full("", "a:\n "),
		"keys and empty lines":      full("", "a: \n\n"),
		"empty lines":               full("a: |\n", " \n"),
		"tabs":                      full("a: |\n", "\t\n"),
		"block texts":               full("", "a: |\n  b\n"),
		"blocks in blocks":          full("", ">\n|\n"),
		"anchors":                   full("", "&a "),
		"anchors in a bracket":      full("a: [", "&a "),
		"aliases":                   full("a: &a b\nc: [", "*a, "),
		"aliases of aliases":        full("a: &a [b,b]\nb: &b [*a,*a]\n", "c: &c [*b,*b]\n"),
		"merge keys":                full("a: &a {b: c}\n", "<<: *a\n"),
		"tags":                      full("a: ", "!!str "),
		"tags and reserved signs":   full("[\n\n", "!!str @"),
		"documents":                 full("", "---\n"),
		"directives":                full("", "%a: "),
		"a long key":                full("", "a") + ": b",
		"long keys":                 full("", strings.Repeat("a", 1000)+":\n"),
		"a quoted text":             full("\"", "\\\t"),
		"tabs in quotes":            full("", "\"\t"),
		"no texts":                  full("[", "''"),
		"reserved signs":            full("", "  `"),
		"commas":                    full("[", ","),
		"lines with commas":         full("[", strings.Repeat(",", 1000)+"\n"),
	}
}

// Whoever may push a branch may not keep the bot busy with its file.
func TestTheWorstFileTakesNotMuchLonger(t *testing.T) {
	floor := max(cost(t, honest(t), 10), time.Millisecond)
	for name, file := range hostile() {
		if took := cost(t, file, 1); took > worst*floor {
			t.Errorf("%s: read in %v of processor time, %.0f times as long as an honest file of the same size", name, took, float64(took)/float64(floor))
		}
	}
}

// fragments are what hostile files are made of.
var fragments = []string{
	"- ", "? ", ": ", "[", "]", "{", "}", "a", "a: ", "\n", "  ", "\t", "&a ", "*a", "!!str ", "|\n", ">\n", "'", "\"", "#", "---\n",
	"...\n", "%", "<<: ", ",", "-", "\\", "''", "a:\n ", "- a\n", "0", "~", "@", "`", "é", "|+9\n", "0x", "\n\n", "# \n", " \n", "!", "[a: ", "{a: ",
}

// Other files of this kind, found at random, take no longer either. A seed finds the
// same ones again.
func TestNoFileOfFragmentsTakesLong(t *testing.T) {
	floor := max(cost(t, honest(t), 10), time.Millisecond)
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(n int) (s string) {
		for range n {
			s += fragments[r.IntN(len(fragments))]
		}
		return s
	}
	for range 150 {
		before, again := pick(r.IntN(3)), pick(1+r.IntN(4))
		if r.IntN(2) == 0 {
			again = strings.Repeat(again, 1+r.IntN(300)) + "\n"
		}
		file := full(before, again)
		if lines := strings.Split(file, "\n"); len(lines) > 1990 { // as bad as the bounds allow
			file = strings.Join(lines[:1990], "\n")
		}
		start := processor(t)
		_, _ = config.ParseOf(bot.Repo{Owner: "acme", Name: "shop"}, []byte(file), "f")
		if once := processor(t) - start; once <= worst*floor {
			continue
		}
		if took := cost(t, file, 2); took > worst*floor {
			t.Errorf("%.60q and then %.200q again and again: read in %v of processor time, %.0f times as long as an honest file", before, again, took, float64(took)/float64(floor))
		}
	}
}

// FuzzTime looks for files that take long.
func FuzzTime(f *testing.F) {
	for _, file := range hostile() {
		f.Add([]byte(file))
	}
	floor := max(cost(f, honest(f), 10), time.Millisecond)
	f.Fuzz(func(t *testing.T, file []byte) {
		start := processor(t)
		_, _ = config.ParseOf(bot.Repo{Owner: "acme", Name: "shop"}, file, "f")
		if once := processor(t) - start; once <= worst*floor {
			return
		}
		if took := cost(t, string(file), 2); took > worst*floor {
			t.Errorf("read in %v of processor time, %.0f times as long as an honest file", took, float64(took)/float64(floor))
		}
	})
}

// What is out of bounds is refused with its line and with what to do.
func TestOutOfBounds(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"too many lines":    {strings.Repeat("#\n", 2001), "f:2001:1: the file has more than 2000 lines; remove comments and empty lines"},
		"a long line":       {"# a\n# " + strings.Repeat("a", 4000), "f:2:1: this line is 4002 bytes long, 4000 are allowed; break it into several lines"},
		"empty lines":       {"a: |\n" + strings.Repeat(" \n", 21), "f:22:1: more than 20 empty lines follow one another here; remove some of them"},
		"empty lines, \\r":  {"a: |" + strings.Repeat("\r\n", 30), "f:22:1: more than 20 empty lines follow one another here; remove some of them"},
		"too many words":    {strings.Repeat("- [a,a,a,a,a,a,a,a,a]\n", 500), "f:401:1: the file has more than 8000 words and signs; shorten the file, or move some pipelines into another repository"},
		"lists in lists":    {"stages:\n" + strings.Repeat("- ", 30), "f:2:41: lists and keys are nested deeper than 20 levels here; a pipeline's file needs seven levels at most"},
		"anchors in a line": {"a: " + strings.Repeat("&a ", 30), "f:1:61: lists and keys are nested deeper than 20 levels here; a pipeline's file needs seven levels at most"},
	} {
		_, err := config.Parse([]byte(c.file), "f")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: refused with\n%v\nwant\n%s", name, err, c.want)
		}
	}
	if _, err := config.Parse([]byte("# "+strings.Repeat("a", 3998)+"\nstages: [{name: production, app: shop}]"+strings.Repeat("\n", 20)), "f"); err != nil {
		t.Errorf("a file within the bounds is refused: %v", err)
	}
}
