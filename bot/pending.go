package bot

import "time"

// Started adds a pending effect, in the commit that hands the effect to its performer.
// Finished removes it, or says when to try again.

// How long a request whose answer was lost may still take effect:
const (
	// GitHubDoubt is for GitHub, which ends requests after ten seconds (docs.github.com,
	// "Troubleshooting the REST API", timeouts). The rest is for the request's way there.
	GitHubDoubt = 15 * time.Second
	// GitHubOverwrite is for a publication that an earlier attempt may still overwrite. It is as long again: the
	// attempt may also have waited in its process before it was sent.
	GitHubOverwrite = 2 * GitHubDoubt
	// PlatformDoubt is for a platform: Heroku's router ends requests after 30 seconds
	// (devcenter.heroku.com, "Request Timeout"). The embedded platform answers sooner.
	PlatformDoubt = 30 * time.Second
)

// DoubtOf is how long an action whose answer was lost may still take effect.
func DoubtOf(do Action) time.Duration {
	if TraitsOf(do).To == ToGitHub {
		return GitHubDoubt
	}
	return PlatformDoubt
}
