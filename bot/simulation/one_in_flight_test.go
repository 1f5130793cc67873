package simulation

import "github.com/headstart-cd/headstart/bot"

// alone is [oneInFlight] at the moment of asking.
func (s *sim) alone(r *request) {
	for _, o := range s.truth.requests {
		if o.stage == r.stage && o.sha != r.sha && s.open(o) && !o.endless {
			s.breaks(oneInFlight, "%s begins on %s while %s is still on its way on %s, since %s", r.sha, r.app, o.sha, o.app, o.at.Format("15:04:05"))
		}
	}
}

// oneAtATime is [oneInFlight] for what is there, whoever asked for it when.
func (s *sim) oneAtATime() {
	var last *request
	for _, r := range s.truth.requests {
		if r.stage == "" || r.endless || !s.open(r) {
			continue
		}
		if last != nil && last.stage == r.stage && last.sha != r.sha {
			s.breaks(oneInFlight, "%s and %s are both being released to %s", last.sha, r.sha, r.stage)
		}
		last = r
	}
}

// oneDecided is [oneInFlight] for what one commit asks for: one promotion of a stage.
func (s *sim) oneDecided(effects []bot.Effect) {
	asked := map[string]int{}
	for _, e := range effects {
		do, ok := e.Do.(bot.Promote)
		if look, is := e.Do.(bot.LookAtApp); is && look.Seeks != nil {
			do, ok = *look.Seeks, true
		}
		if n := asked[do.Stage]; ok && n != 0 && n != do.Promotion {
			s.breaks(oneInFlight, "promotions %d and %d to %s are begun at once", n, do.Promotion, do.Stage)
		} else if ok {
			asked[do.Stage] = do.Promotion
		}
	}
}
