package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// ordered is a JSON object that keeps its keys in order, as the order of windows
// and classes is kept.
type ordered []field

type field struct {
	key   string
	value any
}

func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(f.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// add appends a key unless there is nothing to say.
func (o *ordered) add(key string, value any, when bool) {
	if when {
		*o = append(*o, field{key, value})
	}
}

// written is what a file says, as a file in the long form. JSON is YAML.
func written(t *testing.T, all map[string]bot.Config) []byte {
	t.Helper()
	var file any
	if cfg, ok := all[""]; ok {
		file = writtenPipeline(cfg)
	} else {
		pipelines := map[string]any{}
		for name, cfg := range all {
			pipelines[name] = writtenPipeline(cfg)
		}
		file = map[string]any{"pipelines": pipelines}
	}
	data, err := json.MarshalIndent(file, "", " ") // lines have a limit
	if err != nil {
		t.Fatal(err)
	}
	// What a file may have only escaped.
	data = bytes.ReplaceAll(data, []byte("\x7f"), []byte(`\u007f`))
	return bytes.ReplaceAll(data, []byte("\ufeff"), []byte(`\ufeff`))
}

func writtenPipeline(cfg bot.Config) ordered {
	o := ordered{{"platform", cfg.Platform}}
	o.add("paths", cfg.Paths, cfg.Paths != nil)
	o.add("branch", cfg.Branch, cfg.Branch != "")
	o.add("build", cfg.Build, cfg.Build != "")
	var pulls any = cfg.Prepare.PullRequests
	if cfg.Prepare.PullApps != nil {
		pulls = map[string]any{"apps": cfg.Prepare.PullApps}
	}
	o.add("prepare", map[string]any{"apps": cfg.Prepare.Apps, "pull_requests": pulls, "reuse": cfg.Prepare.Reuse}, cfg.Prepare.Apps != nil)
	o.add("checks", "none", cfg.Checks.None)
	o.add("checks", writtenChecks(cfg.Checks.Names), cfg.Checks.Names != nil)
	var classes, windows ordered
	for _, c := range cfg.Changes {
		classes.add(c.Name, c.Paths, true)
	}
	for _, w := range cfg.Windows {
		var days []string
		for d, on := range w.Days {
			if on {
				days = append(days, strings.ToLower(time.Weekday(d).String()[:3]))
			}
		}
		clock := func(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
		windows.add(w.Name, map[string]any{"days": strings.Join(days, ","), "from": clock(w.From), "to": clock(w.To), "zone": w.Zone}, true)
	}
	var freezes, stages []any
	for _, f := range cfg.Freezes {
		one := ordered{{"from", f.From}, {"to", f.To}, {"zone", f.Zone}}
		one.add("reason", f.Reason, f.Reason != "")
		freezes = append(freezes, one)
	}
	for _, s := range cfg.Stages {
		stages = append(stages, writtenStage(s))
	}
	var insights ordered
	insights.add("failure_window", cfg.Insights.FailureWindow.String(), cfg.Insights.FailureWindow > 0)
	insights.add("zone", cfg.Insights.Zone, cfg.Insights.Zone != "")
	o.add("insights", insights, insights != nil)
	o.add("changes", classes, classes != nil)
	o.add("windows", windows, windows != nil)
	o.add("freezes", freezes, freezes != nil)
	o.add("stages", stages, true)
	return o
}

func writtenChecks(names []bot.CheckName) (list []any) {
	for _, n := range names {
		if n.App == "" {
			list = append(list, n.Name)
			continue
		}
		list = append(list, map[string]string{"name": n.Name, "app": n.App})
	}
	return list
}

func writtenStage(s bot.Stage) ordered {
	o := ordered{
		{"name", s.Name}, {"apps", s.Apps}, {"allow", s.Allow}, {"pull_requests", s.PullRequests},
		{"four_eyes", s.FourEyes}, {"on_failure", s.OnFailure},
	}
	if r := s.Rehearse; r != nil {
		rehearse := ordered{{"copy_from", r.CopyFrom}}
		rehearse.add("command", r.Command, r.Command != "")
		o.add("rehearse", rehearse, true)
	}
	if v := s.Verify; v != nil {
		verify := ordered{{"url", v.URL}, {"status", v.Status}, {"successes", v.Successes}, {"within", v.Within.String()}}
		verify.add("contains", v.Contains, v.Contains != "")
		verify.add("revision", v.Revision, v.Revision != "")
		o.add("verify", verify, true)
	}
	var hold ordered
	for _, h := range s.Hold {
		what := h.Window
		if what == "" {
			what = "approval"
		}
		hold.add(h.Class, what, true)
	}
	var needs []string
	for _, n := range s.Needs {
		needs = append(needs, n.Pipeline.String()+":"+n.Stage)
	}
	o.add("soak", s.Soak.String(), s.Soak > 0)
	o.add("production", s.Production, s.Production)
	o.add("skip", s.Skip, s.Skip != nil)
	o.add("promote", "approval", s.Approval)
	o.add("windows", s.Windows, s.Windows != nil)
	o.add("hold", hold, hold != nil)
	o.add("maintenance", s.Maintenance, s.Maintenance != nil)
	o.add("needs", needs, needs != nil)
	return o
}
