package pipeline

import "time"

// Soak is a release that has to stay healthy for a while before the next stage.
type Soak struct {
	SHA       string
	Promotion int
	Until     time.Time
	Proof     Proof
}

// Interval is how long to wait until the next look. The last one is at the end.
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
