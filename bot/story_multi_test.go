package bot_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// Stories of several pipelines, in one repository or in more.

type pipelines struct {
	all   *bottest.Multi
	multi map[string]bot.Config // the pipelines of the file as of the commits that are pushed from now on; nil: it has one
	put   map[bot.Repo]filed    // the files of the repositories that are not shown
}

type filed struct {
	file  bot.ConfigRead
	multi map[string]bot.Config
}

// open begins with the pipeline without a name of the usual repository.
func (s *story) open() {
	s.put = map[bot.Repo]filed{}
	s.all = &bottest.Multi{Made: func(l *bottest.Loop) {
		l.World.Fault, l.Intact = s.fault, s.intact
		probed := map[string]string{}
		l.Performed = func(f bot.Finished) {
			line := describe(f)
			if do, ok := f.Effect.Do.(bot.Probe); ok { // told only when the answer changes
				key := fmt.Sprint(do.Stage, do.Promotion)
				if probed[key] == line {
					return
				}
				probed[key] = line
			}
			if line != "" {
				s.note(label(l.State.Pipeline) + line)
			}
		}
	}}
	s.Loop = s.all.Of(bot.Key{Repo: bottest.Repo})
}

func (s *story) Deliver(facts ...bot.Fact) error { return s.all.Deliver(s.World.Repo, facts...) }
func (s *story) Drain() error                    { return s.all.Drain() }
func (s *story) Wait(d time.Duration) error      { return s.all.Wait(d) }
func (s *story) Crash() error                    { return s.all.Crash() }

// pipeline NAME | - | OWNER/NAME[:NAME]: what is shown from now on, and where it
// happens.
func (s *story) pipeline(list []string, _ map[string]string) error {
	key := bot.Key{Repo: s.World.Repo, Name: list[0]}
	if repo, name, _ := strings.Cut(list[0], ":"); strings.Contains(repo, "/") {
		r, err := bot.ParseRepo(repo)
		if err != nil {
			return err
		}
		key = bot.Key{Repo: r, Name: name}
	}
	if key.Name == "-" {
		key.Name = ""
	}
	if key.Name != "" && s.all.Find(key) == nil {
		return fmt.Errorf("nothing is known of %s", key)
	}
	s.put[s.World.Repo] = filed{s.file, s.multi}
	if key.Repo != s.World.Repo {
		s.file, s.multi = s.put[key.Repo].file, s.put[key.Repo].multi
	}
	s.Loop = s.all.Of(key)
	for _, v := range []string{"public", "private", "unknown"} { // from its next delivery on
		if slices.Contains(list[1:], v) {
			s.World.Visibility = bot.Visibility(strings.TrimSuffix(v, "unknown"))
		}
	}
	return nil
}

// take puts a configuration into the file: as the only one, or, with pipeline=NAME,
// as one of several. paths=GLOB,… and needs.STAGE=NEED,… are for both.
func (s *story) take(c bot.Config, set map[string]string) {
	if v := set["paths"]; v != "" {
		c.Paths = strings.Split(v, ",")
	}
	for i := range c.Stages {
		for need := range strings.SplitSeq(set["needs."+c.Stages[i].Name], ",") {
			if repo, rest, ok := strings.Cut(need, ":"); ok {
				r, _ := bot.ParseRepo(repo)
				name, stage, several := strings.Cut(rest, ":")
				if !several {
					name, stage = "", name
				}
				c.Stages[i].Needs = append(c.Stages[i].Needs, bot.Need{Pipeline: bot.Key{Repo: r, Name: name}, Stage: stage})
			}
		}
	}
	if set["pipeline"] == "" {
		s.file, s.multi = bot.ConfigRead{Found: true, Config: c}, nil
		return
	}
	s.file, s.multi = bot.ConfigRead{}, maps.Clone(s.multi)
	if s.multi == nil {
		s.multi = map[string]bot.Config{}
	}
	s.multi[set["pipeline"]] = c
}

// drop NAME takes a pipeline out of the file.
func (s *story) drop(list []string, _ map[string]string) error {
	s.multi = maps.Clone(s.multi)
	delete(s.multi, list[0])
	return nil
}

func filesOf(set map[string]string) []string {
	return slices.DeleteFunc(strings.Split(set["files"], ","), func(f string) bool { return f == "" })
}

// head makes the commit of a pull request whose files matter.
func (s *story) head(p *bottest.Pull, set map[string]string) {
	if set["files"] != "" && s.Commits[p.Head] == nil {
		s.Commits[p.Head] = &bottest.Commit{SHA: p.Head, Tree: "tree-" + p.Head, Parent: s.Heads[p.Base], Files: filesOf(set)}
	}
}

// label is what lines about a pipeline begin with, but for those about the usual one.
func label(key bot.Key) string {
	switch {
	case key == bot.Key{Repo: bottest.Repo}:
		return ""
	case key.Repo == bottest.Repo:
		return key.Name + ": "
	}
	return key.String() + ": "
}
