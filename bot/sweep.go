package bot

import "time"

// Requests is about how many requests an action takes, on GitHub and on the
// platform; what is asked for in sweeps alone is counted.
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

// Allowance is what a place allows of requests.
type Allowance struct {
	Limit int       // requests an hour; 0: not known; negative: there is none
	Left  int       // of them until Reset
	Reset time.Time // when Left is Limit again; zero: not known, or it is refilled steadily
}

// FailedDelivery is a webhook that its sender could not deliver.
type FailedDelivery struct {
	ID       int64  // of the newest attempt, to ask for another by
	GUID     string // the same for every attempt
	Event    string
	At       time.Time // of the newest attempt
	Attempts int       // so far
}
