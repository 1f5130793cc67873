package render

import (
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
)

// StagesOf lists the stages that a candidate has a status for: the file's stages, and former ones.
func StagesOf(v *gate.View, c *pipeline.Candidate) []string {
	var list []string
	if v.State.Configured {
		list = v.State.Config.StageNames()
	}
	add := func(stage string) {
		if !slices.Contains(list, stage) {
			list = append(list, stage)
		}
	}
	for _, stage := range pipeline.SortedKeys(c.Progress) {
		add(stage)
	}
	for _, context := range pipeline.SortedKeys(c.Published) {
		if context != bot.BuildContext && context != bot.ConfigContext {
			add(strings.TrimPrefix(context, "headstart/"))
		}
	}
	return list
}

// Notice is a status to be published; nil: none.
type Notice struct {
	bot.Status
	Phase bot.Phase
}

func NewNotice(state bot.StatusState, text, url string) *Notice {
	return &Notice{Status: bot.Status{State: state, Text: redact.Cut(text, bot.MaxStatusText), URL: url}}
}

func pendingNotice(phase bot.Phase, text, url string) *Notice {
	return NewNotice(bot.StatusPending, text, url).InPhase(phase)
}

func (w *Notice) InPhase(phase bot.Phase) *Notice {
	w.Phase = phase
	return w
}

// RepeatDue reports whether a publication is to be repeated now.
func RepeatDue(v *gate.View, at time.Time) bool { return !at.IsZero() && v.Due(at) }

// gone ends a pending status that the pipeline's file no longer requires; nil: there is none.
func gone(v *gate.View, c *pipeline.Candidate, context, text string) *Notice {
	if published := c.Published[context]; published.State == bot.StatusPending || published.Uncertain || published.Phase == bot.PhaseGone {
		return NewNotice(bot.StatusError, text, "").InPhase(bot.PhaseGone)
	}
	return nil
}

func AppURL(v *gate.View, stage string) string {
	cfg, _ := v.State.Config.Stage(stage)
	for _, app := range cfg.Apps {
		if u := v.State.Stage(stage).Apps[app].URL; u != "" {
			return u
		}
	}
	return ""
}
