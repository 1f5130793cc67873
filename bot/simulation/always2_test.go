package simulation

// alone is sentence 2: a stage has at most one promotion in flight.
func (s *sim) alone(r *request) {
	for _, o := range s.truth.requests {
		if o.stage == r.stage && o.sha != r.sha && s.open(o) && !o.endless {
			s.fail(2, "%s begins on %s while %s is still on its way on %s, since %s", r.sha, r.app, o.sha, o.app, o.at.Format("15:04:05"))
		}
	}
}

// oneInFlight is sentence 2 for what is there, whoever asked for it when.
func (s *sim) oneInFlight() {
	var last *request
	for _, r := range s.truth.requests {
		if r.stage == "" || r.endless || !s.open(r) {
			continue
		}
		if last != nil && last.stage == r.stage && last.sha != r.sha {
			s.fail(2, "%s and %s are both being released to %s", last.sha, r.sha, r.stage)
		}
		last = r
	}
}
