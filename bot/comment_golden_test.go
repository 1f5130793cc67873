package bot_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

const comments = "../testdata/comments"

// live is a pipeline with two stages on which pull request #1 is live.
const live = `config prepare=shop-prepare checks=ci staging:shop-staging production:shop-production allow.production=maintain
takes build=90s release=5s
role zoe maintain
role walter write
push 1111111a
check 1111111a ci passed
wait 150s
pr 1 opened head=aaaaaa1 base=main merge=aaaaaab tree=t1
wait 120s
push 2222222a tree=t1 pull=1
pr 1 merged as=2222222a
check 2222222a ci passed
wait 60s
`

// A kind of comment: a story, and the pull request whose comment it ends with,
// or the question whose answer it is.
var golden = []struct {
	name, story string
	number      int
	reply       bool
}{
	{"open_building", live + "pr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 20s", 2, false},
	{"open_ready", live + "pr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 120s", 2, false},
	{"open_locked", live + "say 1 zoe text=\"/lock production we are on television\"\npr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 120s", 2, false},
	{"open_conflict", live + "pr 2 opened head=bbbbbb1\nwait 20s", 2, false},
	{"open_failed", live + "pr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 20s\nbuilt bbbbbb2 failed why=\"undefined: total | 3 errors, ask @ada\"\nwait 20s", 2, false},
	{"open_waiting", live + "push 3333333a\nwait 1s\npr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 20s", 2, false},
	{"closed", live + "pr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 120s\npr 2 closed\nwait 5s", 2, false},
	{"on_its_way", live + "pr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 20s\npush 3333333a tree=t2 pull=2\npr 2 merged as=3333333a\nwait 20s", 2, false},
	{"releasing", live + "takes release=0s\npr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 120s\npush 3333333a tree=t2 pull=2\npr 2 merged as=3333333a\ncheck 3333333a ci passed\nwait 20s\nreleased shop-staging\nwait 20s", 2, false},
	{"live", live, 1, false},
	{"live_no_more", live + "push 3333333a\ncheck 3333333a ci passed\nwait 150s", 1, false},
	{"red", live + "pr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 120s\npush 3333333a tree=t2 pull=2\npr 2 merged as=3333333a\ncheck 3333333a ci failed\nwait 20s", 2, false},
	{"build_failed", live + "pr 2 opened head=bbbbbb1\npush 3333333a pull=2\npr 2 merged as=3333333a\nwait 20s\nbuilt 3333333a failed why=\"undefined: total\"\nwait 10s", 2, false},
	{"release_failed", live + "takes release=0s\npr 2 opened head=bbbbbb1\npush 3333333a pull=2\npr 2 merged as=3333333a\ncheck 3333333a ci passed\nwait 120s\nreleased shop-staging\nwait 20s\nreleased shop-production failed why=\"the migration failed\"\nwait 20s", 2, false},
	{"superseded", live + "pr 2 opened head=bbbbbb1\npush 3333333a pull=2\npr 2 merged as=3333333a\nwait 5s\npush 4444444a\ncheck 4444444a ci passed\nwait 300s", 2, false},
	{"locked", live + "say 1 zoe text=\"/lock production we are on television\"\npr 2 opened head=bbbbbb1\npush 3333333a pull=2\npr 2 merged as=3333333a\ncheck 3333333a ci passed\nwait 200s", 2, false},
	{"cancelled", live + "pr 2 opened head=bbbbbb1\npush 3333333a pull=2\npr 2 merged as=3333333a\nwait 20s\nsay 2 zoe text=/cancel\nwait 20s", 2, false},
	{"rolling_back", live + "takes release=0s\nsay 1 zoe text=/rollback\nwait 10s", 1, false},
	{"rolled_back", live + "say 1 zoe text=/rollback\nwait 30s", 1, false},
	{"rolled_back_to", live + "pr 2 opened head=bbbbbb1\npush 3333333a pull=2\npr 2 merged as=3333333a\ncheck 3333333a ci passed\nwait 150s\nsay 2 zoe text=/rollback\nwait 30s", 1, false},
	{"refusals", live + "say 1 walter text=/rollback\nsay 1 mallory text=\"/lock staging\"\nsay 1 zoe text=\"/promte production\"\nsay 1 zoe text=\"/promote moon\"\nsay 1 zoe text=\"/rollback to v99\"\nwait 10s", 1, false},
	{"why", live + "pr 2 opened head=bbbbbb1\nsay 1 zoe text=\"/lock production we are on television\"\npush 3333333a pull=2\npr 2 merged as=3333333a\nwait 20s\nsay 2 mallory text=/why\nwait 5s", 2, true},
	{"why_live", live + "say 1 mallory text=/why\nwait 5s", 1, true},
	{"plan", live + "say 1 zoe text=\"/lock production we are on television\"\npr 2 opened head=bbbbbb1 base=main merge=bbbbbb2 tree=t2\nwait 120s\nsay 2 mallory text=/plan\nwait 5s", 2, true},
	{"status", live + "say 1 zoe text=/rollback\npr 2 opened head=bbbbbb1\npush 3333333a pull=2\npr 2 merged as=3333333a\nwait 20s\nsay 2 mallory text=/status\nwait 5s", 2, true},
	{"help", live + "say 1 mallory text=/help\nwait 5s", 1, true},
}

// What people read is kept as files, so that a change of it is seen.
func TestComments(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := newStory()
			s.Changes = someChanges
			for line := range strings.Lines(g.story) {
				if err := s.do(strings.TrimSpace(line)); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			got := ""
			if c := s.Comments[g.number]; c != nil && !g.reply {
				got = c.Body
			}
			if n := len(s.Replies); g.reply && n > 0 {
				got = s.Replies[n-1].Do.Body + "\n"
			}
			expectMarkdown(t, got)
			file := filepath.Join(comments, g.name+".md")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := readFile(t, file); got != want {
				t.Errorf("the comment is no longer what %s shows (rewrite it with -update, and review):\n%s", file, difference(want, got))
			}
		})
	}
}

// someChanges is what lies between what is live and a pull request.
func someChanges(do bot.ReadChanges) bot.ChangesRead {
	return bot.ChangesRead{Base: do.Base, Head: do.Head, Relation: "ahead", Total: 2, Complete: true, Commits: []bot.ChangedBy{
		{SHA: "5555555a", Title: "Round half up, not down (#7)", Author: "ada"},
		{SHA: do.Head, Title: "Use `round` | ask @grace", Author: "grace"},
	}}
}

var (
	codeSpan   = regexp.MustCompile("`[^`\n]*`")
	entity     = regexp.MustCompile(`&#[0-9]+;`)
	rawMention = regexp.MustCompile(`(^|\W)(@[A-Za-z0-9]|#[0-9])`)
)

// expectMarkdown holds a comment against what GitHub needs to show it well.
func expectMarkdown(t *testing.T, body string) {
	t.Helper()
	if strings.TrimSpace(strings.TrimPrefix(body, bot.Marker)) == "" {
		t.Fatal("there should be something to read")
	}
	lines := strings.Split(body, "\n")
	columns := 0
	for i, line := range lines {
		bare := codeSpan.ReplaceAllString(line, "")
		if found := rawMention.FindString(entity.ReplaceAllString(bare, "")); found != "" {
			t.Errorf("nobody should be mentioned, and no other issue linked: %q", line)
		}
		if strings.Count(bare, "`") != 0 || strings.Count(bare, "**")%2 != 0 {
			t.Errorf("code and bold text should be closed: %q", line)
		}
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(codeSpan.ReplaceAllString(line, ""), "|") - 1
		if columns == 0 { // the header
			columns = n
			if strings.Trim(line, "| ") == "" || i == 0 || lines[i-1] != "" {
				t.Errorf("a table should begin after an empty line with a header that says something: %q", line)
			}
			for _, cell := range strings.Split(strings.Trim(line, "|"), "|") {
				if strings.TrimSpace(cell) == "" {
					t.Errorf("every column should have a name: %q", line)
				}
			}
			continue
		}
		if n != columns {
			t.Errorf("a line of a table with %d columns should have as many: %q", columns, line)
		}
	}
}
