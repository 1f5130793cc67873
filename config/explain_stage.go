package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// explainStages says of each stage what gets there and when, and below it what
// the stage asks for besides, in the order in which a candidate meets it.
func explainStages(cfg bot.Config) []string {
	var all []string
	same := !slices.ContainsFunc(cfg.Stages, func(s bot.Stage) bool { return s.OnFailure != cfg.Stages[0].OnFailure })
	for i, s := range cfg.Stages {
		number := fmt.Sprintf("%d. ", i+1)
		all = append(all, number+s.Name+": "+explainStage(cfg, i))
		more := asks(cfg, i)
		if !same {
			more = append(more, explainFailure(s.OnFailure, s.Verify != nil))
		}
		for _, sentence := range more {
			all = append(all, strings.Repeat(" ", len(number))+sentence)
		}
	}
	all = append(all, "When a newer commit is ready first, older ones that still wait are passed over.")
	if same && len(cfg.Stages) > 0 {
		verified := slices.ContainsFunc(cfg.Stages, func(s bot.Stage) bool { return s.Verify != nil })
		all = append(all, explainFailure(cfg.Stages[0].OnFailure, verified))
	}
	return all
}

// ExplainStage says what gets to a stage and when, what the stage asks for, and who may command it: a sentence each.
// None: there is no such stage.
func ExplainStage(cfg bot.Config, name string) []string {
	i := slices.IndexFunc(cfg.Stages, func(s bot.Stage) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	s := cfg.Stages[i]
	all := append([]string{words.Capital(explainStage(cfg, i))}, asks(cfg, i)...)
	return append(all, explainFailure(s.OnFailure, s.Verify != nil), fmt.Sprintf("Commands by %s.", explainAllow(s.Allow)))
}

// asks says what a stage asks for, in the order in which a candidate meets it.
func asks(cfg bot.Config, i int) []string {
	s := cfg.Stages[i]
	return slices.Concat(explainGates(s), explainRelease(s), explainProof(cfg, i))
}

func explainStage(cfg bot.Config, i int) string {
	apps := oneOf(cfg.Stages[i].Apps, "and")
	when := "once the checks have passed"
	if cfg.Checks.None {
		when = "without waiting for checks"
	}
	switch {
	case i > 0:
		return fmt.Sprintf("the very same build goes to %s, once %s.", apps, explainProved(cfg.Stages[i-1]))
	case len(cfg.Prepare.Apps) > 0:
		return fmt.Sprintf("the finished build goes to %s, %s.", apps, when)
	case len(cfg.Stages[i].Apps) > 1:
		return fmt.Sprintf("builds on %s, %s, and goes to %s.", cfg.Stages[i].Apps[0], when, oneOf(cfg.Stages[i].Apps[1:], "and"))
	}
	return fmt.Sprintf("builds and runs on %s, %s.", apps, when)
}

// explainProved says what a stage must have done before the next one.
func explainProved(s bot.Stage) string {
	what := s.Name + " runs it"
	switch {
	case s.Soak > 0 && s.Verify != nil:
		what = fmt.Sprintf("it has stayed healthy on %s for %s", s.Name, span(s.Soak))
	case s.Soak > 0:
		what = fmt.Sprintf("%s has run it for %s", s.Name, span(s.Soak))
	case s.Verify != nil:
		what = "it is verified on " + s.Name
	case s.Rehearse != nil:
		what = s.Name + " has tried it"
	}
	if len(s.Skip) > 0 {
		what += ", or was skipped"
	}
	return what
}

// explainGates says what a candidate needs to enter a stage.
func explainGates(s bot.Stage) []string {
	var all []string
	if len(s.Skip) > 0 {
		all = append(all, fmt.Sprintf("It is skipped when nothing but %s has changed.", oneOf(s.Skip, "and")))
	}
	for _, n := range s.Needs {
		where := n.Pipeline.Repo.String()
		if n.Pipeline.Name != "" {
			where = fmt.Sprintf("the pipeline %s of %s", n.Pipeline.Name, where)
		}
		all = append(all, fmt.Sprintf("Waits until the stage %s of %s runs everything that was pushed there before.", n.Stage, where))
	}
	approve := "an /approve"
	if s.FourEyes {
		approve = "an /approve by a person who made none of it"
	}
	if s.Approval {
		all = append(all, fmt.Sprintf("Waits for %s.", approve))
	}
	for _, h := range s.Hold {
		if h.Window != "" {
			all = append(all, fmt.Sprintf("A change of %s waits until the window %s is open.", h.Class, h.Window))
		} else if !s.Approval {
			all = append(all, fmt.Sprintf("A change of %s waits for %s.", h.Class, approve))
		}
	}
	if s.Approval || slices.ContainsFunc(s.Hold, func(h bot.Hold) bool { return h.Window == "" }) {
		all = append(all, "An approval is for one build on top of what is live; when either changes it lapses.")
	}
	if len(s.Windows) > 0 {
		all = append(all, fmt.Sprintf("Entered only while %s is open.", oneOf(s.Windows, "or")))
	}
	return all
}

// explainRelease says what is done around a release.
func explainRelease(s bot.Stage) []string {
	var all []string
	if r := s.Rehearse; r != nil {
		all = append(all, fmt.Sprintf("Its release phase runs on a copy of the database of %s, which is removed again afterwards.", r.CopyFrom))
		if r.Command != "" {
			all = append(all, "To make the copy it runs"+command(r.Command))
		} else {
			all = append(all, "To make the copy the database's add-on is forked.")
		}
	}
	if len(s.Maintenance) > 0 {
		all = append(all, fmt.Sprintf("Maintenance mode is on while a change of %s is released, and off again after it.", oneOf(s.Maintenance, "or")))
	}
	return all
}

// explainProof says how a release is proved to work, and for how long.
func explainProof(cfg bot.Config, i int) []string {
	var all []string
	s := cfg.Stages[i]
	if s.Verify != nil {
		all = explainVerify(*s.Verify)
	}
	before := ""
	if i+1 < len(cfg.Stages) {
		before = " before " + cfg.Stages[i+1].Name
	}
	switch {
	case s.Soak == 0:
	case s.Verify == nil:
		all = append(all, fmt.Sprintf("Then %s pass%s; only time passes, because without verify nothing is looked at.", span(s.Soak), before))
	default:
		all = append(all, fmt.Sprintf("It is asked again and again for another %s%s.", span(s.Soak), before))
	}
	return all
}

func explainVerify(v bot.Verify) []string {
	must := fmt.Sprintf("Verified: %s must answer with status %d", v.URL, v.Status)
	if v.Contains != "" {
		must += " and contain " + quote(v.Contains)
	}
	if v.Successes > 1 {
		must += fmt.Sprintf(", %d times in a row", v.Successes)
	}
	all := []string{fmt.Sprintf("%s, within %s of the release.", must, span(v.Within))}
	header, inHeader := strings.CutPrefix(v.Revision, "header ")
	switch {
	case inHeader:
		return append(all, fmt.Sprintf("Only answers count whose header %s names the commit.", header))
	case v.Revision != "":
		return append(all, "Only answers count whose body names the commit.")
	}
	return append(all, "Its answers name no commit: none counts while the platform may still let the version before answer.")
}

// explainFailure says what becomes of a stage when a release fails, or its
// verification.
func explainFailure(f bot.OnFailure, verified bool) string {
	what := "a release"
	if verified {
		what = "a release or its verification"
	}
	if f == bot.FailureHold {
		return fmt.Sprintf("When %s fails, everything stays as it is until a person steps in.", what)
	}
	return fmt.Sprintf("When %s fails, the last good build goes back, if there is one, and the stage is locked.", what)
}

// span is a duration without the parts that are zero.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
