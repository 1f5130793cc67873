package bot_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// around sets what a stage asks for around its releases: maintenance.STAGE=CLASSES.
func around(stage *bot.Stage, set map[string]string) {
	if v := set["maintenance."+stage.Name]; v != "" {
		stage.Maintenance = strings.Split(v, ",")
	}
}

// describeAround is describe for what is done around a release.
func describeAround(f bot.Finished) string {
	switch do := f.Effect.Do.(type) {
	case bot.SetMaintenance:
		switch set, _ := f.Fact.(bot.MaintenanceSet); {
		case do.Look && set.Was:
			return "maintenance mode is on for " + do.App
		case do.Look:
			return "look at " + do.App
		case do.On:
			return "maintenance mode on for " + do.App
		}
		return "maintenance mode off for " + do.App
	}
	return ""
}

// maintenance [APP on|off] shows which apps are in maintenance mode, or a person
// turns it on or off.
func (s *story) maintenance(list []string, _ map[string]string) error {
	if len(list) == 2 {
		s.App(list[0]).Maintenance = list[1] == "on"
		return nil
	}
	var closed []string
	for _, name := range slices.Sorted(maps.Keys(s.Apps)) {
		if s.Apps[name].Maintenance {
			closed = append(closed, name)
		}
	}
	s.say("in maintenance mode: %s; remembered: %v", or(strings.Join(closed, ", "), "no app"), slices.Sorted(maps.Keys(s.State.Maintenance)))
	return nil
}

// app NAME [warns=TEXT,TEXT] [problem=TEXT] [takes-over=D]: what a look at an app
// finds from now on, before anything is promoted to it.
func (s *story) findings(list []string, set map[string]string) (err error) {
	found := bot.Inspected{Problem: set["problem"]}
	if v := set["warns"]; v != "" {
		found.Warnings = strings.Split(v, ",")
	}
	if v := set["takes-over"]; v != "" {
		found.TakesOver, err = time.ParseDuration(v)
	}
	s.App(list[0]).Inspected = found
	return err
}
