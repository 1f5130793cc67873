package bot

import "time"

// Requests estimates the requests of an action to GitHub and to the platform. Only the
// actions of sweeps are counted.
func Requests(do Action) (github, platform int) {
	switch do := do.(type) {
	case ReadHead:
		return 1, 0
	case ReadChecks:
		n := 3 // runs, statuses, and the branch
		if do.Required {
			n++
		}
		if do.Suites {
			n++
		}
		return n, 0
	case ReadRules:
		return 2, 0
	case ListPullRequests:
		return 1, 0
	case LookAtApp:
		return 0, 1
	}
	return 0, 0
}

// Allowance is the rate limit of GitHub or of a platform.
type Allowance struct {
	Limit int       // requests an hour; 0: unknown; negative: no limit
	Left  int       // requests left until Reset
	Reset time.Time // when Left is Limit again; zero: unknown, or it is refilled steadily
}

// FailedDelivery is a webhook that its sender could not deliver.
type FailedDelivery struct {
	ID       int64  // of the newest attempt; a redelivery is requested by it
	GUID     string // the same for every attempt
	Event    string
	At       time.Time // of the newest attempt
	Attempts int       // so far
}
