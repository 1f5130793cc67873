package bot

import "time"

// Started adds a pending effect, in the same commit that hands the effect to whoever
// performs it. Finished removes it, or says when to try again.

// How long a request whose answer was lost may still come true.
const (
	// GitHubDoubt is GitHub's: it ends what takes longer than ten seconds
	// (docs.github.com, "Troubleshooting the REST API", timeouts), and the request may
	// have been on its way for some.
	GitHubDoubt = 15 * time.Second
	// PlatformDoubt is a platform's: Heroku's router gives up on a request after 30
	// seconds (devcenter.heroku.com, "Request Timeout"). The embedded one answers sooner.
	PlatformDoubt = 30 * time.Second
)

// DoubtOf is how long an effect may still come true whose answer was lost.
func DoubtOf(do Action) time.Duration {
	if TraitsOf(do).To == ToGitHub {
		return GitHubDoubt
	}
	return PlatformDoubt
}
