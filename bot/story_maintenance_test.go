package bot_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// around sets what a stage asks for around its releases: maintenance.STAGE=CLASSES,
// rehearse.STAGE=APP.
func around(stage *bot.Stage, set map[string]string) {
	if v := set["maintenance."+stage.Name]; v != "" {
		stage.Maintenance = strings.Split(v, ",")
	}
	if v := set["rehearse."+stage.Name]; v != "" {
		stage.Rehearse = &bot.Rehearse{CopyFrom: v}
	}
}

// describeMaintenance is describe for what is done around a release.
func describeMaintenance(f bot.Finished) string {
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
	case bot.MakeCopy:
		return fmt.Sprintf("copy the database of %s for %s", do.From, do.App)
	case bot.RemoveCopy:
		return fmt.Sprintf("remove the copy from %s", do.App)
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
	s.print("in maintenance mode: %s; remembered: %v", or(strings.Join(closed, ", "), "no app"), slices.Sorted(maps.Keys(s.State.Maintenance)))
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
		found.SwitchesAfter, err = time.ParseDuration(v)
	}
	s.App(list[0]).Inspected = found
	return err
}

// copied APP [failed] [why=…] [loud]: an app's copy of a database is ready; if
// loud, the platform says so by itself.
func (s *story) copied(list []string, set map[string]string) error {
	why := ""
	if slices.Contains(list, "failed") {
		why = or(set["why"], "it is out of order")
	}
	if s.App(list[0]).Copy == nil {
		return fmt.Errorf("%s has no copy", list[0])
	}
	s.EndCopy(list[0], why)
	if !slices.Contains(list, "loud") {
		return nil
	}
	return s.moved(list[0], list)
}

// copies shows which apps have a copy of a database.
func (s *story) copies(_ []string, _ map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(s.Apps)) {
		if c := s.Apps[name].Copy; c != nil {
			s.print("%s has %s, a copy of the database of %s, ready: %v", name, c.ID, c.From, c.Ready)
		}
	}
	s.print("remembered: %v", slices.Sorted(maps.Keys(s.State.Copies)))
	return nil
}
