package bot_test

import (
	"strconv"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// asks reads what stages ask for from the settings of a config line:
// changes=CLASS:GLOB,…, and of a stage skip.STAGE=CLASSES, hold.STAGE=CLASS:NEED,…,
// maintenance.STAGE=CLASSES, approval.STAGE=yes, foureyes.STAGE=yes.
func asks(c bot.Config, set map[string]string) bot.Config {
	list := func(key string) []string {
		return strings.FieldsFunc(set[key], func(r rune) bool { return r == ',' })
	}
	for _, v := range list("changes") {
		name, glob, _ := strings.Cut(v, ":")
		if n := len(c.Changes); n > 0 && c.Changes[n-1].Name == name {
			c.Changes[n-1].Paths = append(c.Changes[n-1].Paths, glob)
			continue
		}
		c.Changes = append(c.Changes, bot.Class{Name: name, Paths: []string{glob}})
	}
	for i := range c.Stages {
		s := &c.Stages[i]
		s.Skip, s.Maintenance = list("skip."+s.Name), list("maintenance."+s.Name)
		s.Approval, s.FourEyes = set["approval."+s.Name] == "yes", set["foureyes."+s.Name] == "yes"
		for _, v := range list("hold." + s.Name) {
			class, need, _ := strings.Cut(v, ":")
			if need == "approval" {
				need = ""
			}
			s.Hold = append(s.Hold, bot.Hold{Class: class, Window: need})
		}
	}
	return c
}

// lists N: GitHub lists so many files of a comparison, and no more; 0: all.
func (s *story) lists(list []string, _ map[string]string) (err error) {
	s.MostFiles, err = strconv.Atoi(list[0])
	return err
}
