package bot_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/decide"
)

// describe says in one line what was done, and how it ended where that is not
// as it should; empty for what only looks.
func describe(f bot.Finished) string {
	line := ""
	switch do := f.Effect.Do.(type) {
	case bot.StartBuild:
		line = fmt.Sprintf("build %s on %s", do.SHA, do.App)
		if do.Command != "" {
			line += " by " + do.Command
		}
		if seen, ok := f.Fact.(bot.BuildSeen); ok && seen.Adopted {
			line += " (found there)"
		}
		if _, ok := f.Fact.(bot.AppSeen); ok {
			line = fmt.Sprintf("look at %s", do.App)
		}
	case bot.CancelBuild:
		line = "cancel the build on " + do.App
	case bot.Promote:
		line = fmt.Sprintf("promote %s to %s: %s on %s", do.SHA, do.Stage, do.Artifact, do.App)
		if _, ok := f.Fact.(bot.AppSeen); ok {
			line = fmt.Sprintf("look at %s", do.App)
		}
	case bot.LookAtApp:
		if do.Seeks == nil {
			if f.Outcome == bot.Done {
				return ""
			}
			line = "read: " + f.Effect.Key
			break
		}
		line = fmt.Sprintf("promote %s to %s: %s on %s", do.Seeks.SHA, do.Stage, do.Seeks.Artifact, do.App)
		if _, ok := f.Fact.(bot.AppSeen); ok {
			line = fmt.Sprintf("look at %s", do.App)
		}
	case bot.SetStatus:
		line = fmt.Sprintf("status %s %s %s: %s", do.SHA, strings.TrimPrefix(do.Context, "headstart/"), do.Status.State, do.Status.Text)
	case bot.CreateDeployment:
		line = fmt.Sprintf("deployment of %s to %s", do.SHA, do.Stage)
	case bot.SetDeploymentStatus:
		line = fmt.Sprintf("deployment of %s to %s is %s: %s", do.SHA, do.Stage, do.Status.State, do.Status.Text)
	case bot.WriteComment:
		line = fmt.Sprintf("comment on #%d", do.Number)
	case bot.React:
		line = "react " + do.Content
	case bot.Reply:
		line = fmt.Sprintf("answer in #%d", do.Number)
	case bot.SetMaintenance, bot.MakeCopy, bot.RemoveCopy:
		line = describeMaintenance(f)
	default:
		var ours bool
		if line, ours = describeStage(f); ours {
			break
		}
		if f.Outcome == bot.Done {
			return ""
		}
		line = "read: " + f.Effect.Key
	}
	if f.Effect.Unsure {
		line += " (looking first)"
	}
	if f.Outcome != bot.Done {
		line += fmt.Sprintf(" → %s: %s", f.Outcome, f.Reason)
	}
	return line
}

func (s *story) print(format string, a ...any) { fmt.Fprintf(&s.out, "  "+format+"\n", a...) }

// stages shows what is live, in flight, and really running.
func (s *story) stages(_ []string, _ map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(s.State.Stages)) {
		st := s.State.Stage(name)
		line := fmt.Sprintf("%s: live %s", name, or(st.Live.SHA, "nothing"))
		if st.Promoting != nil {
			line += ", releasing " + st.Promoting.SHA
		}
		s.print("%s", line)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Apps)) {
		if r := s.Apps[name].Current(); r != nil {
			s.print("  %s runs %s (v%d of %d)", name, r.Artifact, r.Version, len(s.Apps[name].Releases))
		}
	}
	return nil
}

// statuses [SHA…] shows what the commits' statuses say.
func (s *story) statuses(list []string, _ map[string]string) error {
	if len(list) == 0 {
		list = slices.Sorted(maps.Keys(s.Statuses))
	}
	for _, sha := range list {
		for _, context := range slices.Sorted(maps.Keys(s.Statuses[sha])) {
			v := s.Statuses[sha][context]
			s.print("%s %s %s: %s", sha, strings.TrimPrefix(context, "headstart/"), v.State, v.Text)
		}
	}
	return nil
}

// deployments shows every GitHub Deployment.
func (s *story) deployments(_ []string, _ map[string]string) error {
	for _, d := range s.World.Deployments {
		kind := ""
		if d.Do.Production {
			kind = " (production)"
		}
		if strings.Contains(d.Do.Text, "approved by") {
			kind += fmt.Sprintf(" %q", d.Do.Text)
		}
		s.print("%s to %s%s: %s", d.Do.SHA, strings.TrimPrefix(d.Pipeline+"/"+d.Do.Stage, "/"), kind, or(string(d.Status.State), "nothing said"))
	}
	return nil
}

// comment N shows the bot's comment on a pull request.
func (s *story) comment(list []string, _ map[string]string) error {
	n, err := strconv.Atoi(list[0])
	if err != nil {
		return err
	}
	c := s.Comments[n]
	if c == nil {
		s.print("no comment")
		return nil
	}
	for line := range strings.Lines(c.Body) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			s.print("| %s", line)
		}
	}
	s.print("written %d times", c.Writes)
	return nil
}

// explain shows the gates of every candidate that is not settled.
func (s *story) explain(_ []string, _ map[string]string) error {
	e := decide.Decide(s.State, s.Now).Explain
	if e.Config != "" {
		s.print("configuration: %s", e.Config)
	}
	for _, c := range e.Candidates {
		for _, st := range c.Stages {
			switch {
			case st.State != "":
				s.print("%s %s: %s %s", c.SHA, st.Stage, st.State, st.Reason)
			case st.Blocked.Name == "":
				s.print("%s %s: every gate is open", c.SHA, st.Stage)
			default:
				s.print("%s %s: %s is %s: %s (%s)", c.SHA, st.Stage, st.Blocked.Name, st.Blocked.State, st.Blocked.Text, st.Blocked.Who)
			}
		}
	}
	return nil
}

// requests shows how many requests went to GitHub so far.
func (s *story) requests(_ []string, _ map[string]string) error {
	sum := 0
	for _, kind := range slices.Sorted(maps.Keys(s.Requests)) {
		s.print("%s %d", kind, s.Requests[kind])
		sum += s.Requests[kind]
	}
	s.print("together %d", sum)
	return nil
}
