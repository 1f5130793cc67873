package bot

import "time"

// OperatorFreeze is the operator's word over every pipeline: while it is on, nothing is
// promoted anywhere. The newest one counts, in whatever order they are seen.
type OperatorFreeze struct {
	On     bool
	By     string    // who said so, as the machine knows them; may be empty
	Reason string    // with On
	Until  time.Time // when it ends by itself; zero: it does not
	At     time.Time // when it was said; later than what was said before
}

func (OperatorFreeze) fact() {}

// freeze folds the operator's word.
func (s *State) freeze(f OperatorFreeze) {
	if f.At.After(s.Freeze.At) {
		s.Freeze = f
	}
}

// frozen is the operator's freeze; nil: there is none at this time.
func (s *State) frozen(now time.Time) *OperatorFreeze {
	if !s.Freeze.Active(now) {
		return nil
	}
	f := s.Freeze
	return &f
}

// Active reports whether everything is frozen at this time.
func (f OperatorFreeze) Active(now time.Time) bool {
	return f.On && (f.Until.IsZero() || now.Before(f.Until))
}

func (f OperatorFreeze) text() string {
	text := "everything is frozen by the operator"
	if !f.Until.IsZero() {
		text += " until " + moment(f.Until)
	}
	return text + because(f.Reason)
}
