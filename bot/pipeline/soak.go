package pipeline

import "time"

// Soak is a release that must stay healthy for a while before the next stage.
type Soak struct {
	SHA       string
	Promotion int
	Until     time.Time
	Proof     Proof
}

// Interval is the pause until the next probe. The last probe is at the end.
func (k *Soak) Interval(at time.Time) time.Duration {
	if !k.Proof.BadFrom.IsZero() {
		return soakAgain
	}
	every := min(max(k.Until.Sub(k.Proof.From)/soakProbes, soakLeast), soakMost)
	if left := k.Until.Sub(at); left > 0 {
		return min(every, left)
	}
	return every
}
