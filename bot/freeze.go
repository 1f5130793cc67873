package bot

import (
	"time"

	"github.com/headstart-cd/headstart/bot/words"
)

// OperatorFreeze is an operator's freeze of every pipeline: while it is on, nothing is
// promoted. The newest one counts, in whatever order they are seen.
type OperatorFreeze struct {
	On     bool
	By     string    // the operator, as the machine knows them; may be empty
	Reason string    // with On
	Until  time.Time // when it ends unless it is lifted before; zero: never
	At     time.Time // when it was set; later than every freeze before it
}

func (OperatorFreeze) fact() {}

// Active reports whether everything is frozen at this time.
func (f OperatorFreeze) Active(now time.Time) bool {
	return f.On && (f.Until.IsZero() || now.Before(f.Until))
}

func (f OperatorFreeze) Text() string {
	text := "everything is frozen by the operator"
	if !f.Until.IsZero() {
		text += " until " + words.Moment(f.Until)
	}
	return text + words.Because(f.Reason)
}
