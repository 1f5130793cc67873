package doctor

import (
	"errors"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Facts is what was read. The zero value: nothing was.
type Facts struct {
	Now      time.Time
	URL      string // where people find the server; empty: no setting says so
	AppID    int64
	Problems []string // why settings cannot be used, each with its variable first
	Doubts   []string // settings that work, but not as well as somebody may hope

	Database Read[Database]
	Backups  string          // where they are said to be; empty: nowhere
	Backup   Read[time.Time] // when the newest was made; zero: there is none

	Lead          Read[time.Duration] // of GitHub's clock; negative: it is behind
	GitHub        Read[GitHubApp]
	Hook          Read[Hook]
	Attempts      Read[[]Attempt]      // the newest first
	Heard         map[string]time.Time // by event: when a webhook of GitHub's last came to the database
	Installations Read[[]Installation]

	Allowed   func(account string) bool // HEADSTART_ALLOW names a repository of it; nil: nobody knows
	Pipelines []Pipeline

	Heroku     Read[Credentials]
	HerokuHook bool // webhooks of Heroku are accepted
	Apps       []HerokuApp
}

// Read is one reading.
type Read[T any] struct {
	Value T
	Err   error // why it failed
	Done  bool  // it was tried
}

// ok reports whether there is a value.
func (r Read[T]) ok() bool { return r.Done && r.Err == nil }

// failed reports whether it was tried, and failed.
func (r Read[T]) failed() bool { return r.Done && r.Err != nil }

// Database is where Headstart keeps what it knows.
type Database struct {
	Name     string
	Form     int   // the number of the stored form
	Bytes    int64 // 0: it does not say
	ReadOnly error // why nothing can be written; nil: it can
}

// GitHubApp is the App, compared with what Headstart needs.
type GitHubApp struct {
	Slug               string
	MissingPermissions []string
	MissingEvents      []string
	ExcessPermissions  []string
	ExcessEvents       []string
}

// Hook is where GitHub sends webhooks.
type Hook struct {
	URL      string
	JSON     bool
	Secret   bool
	Insecure bool
}

// Attempt is one attempt to deliver a webhook.
type Attempt struct {
	Event  string
	At     time.Time
	OK     bool
	Status int
	Said   string
}

// Installation is the App on an account.
type Installation struct {
	Account   string
	Suspended bool
	Missing   []string
}

// Pipeline is what was read of one pipeline.
type Pipeline struct {
	Key       bot.Key
	Installed Read[int64] // the App's installation
	File      Read[bot.ConfigRead]
	PushedAt  time.Time // when the newest commit that Headstart knows came; zero: it knows none
	Checks    Read[bot.ChecksRead]
	Reported  []bot.Check // of earlier commits, as far as Headstart remembers
	Never     []string    // required contexts that block every merge
	Queue     Read[bool]  // its branch has a merge queue
	Source    Read[bot.SourceRead]
}

// Credentials are what the API key for Heroku is good for.
type Credentials struct {
	Email string
	Scope string
	Left  int
	Limit int
}

// HerokuApp is what was read of an app.
type HerokuApp struct {
	Name       string
	Source     string // the app that builds for it; empty: it builds itself
	Prepare    bool   // it only builds
	Inspected  Read[bot.Inspected]
	Buildpacks Read[[]string]
	Of         Read[[]string] // the buildpacks of Source
	Hooks      Read[[]HerokuHook]
	Auto       Read[string] // the branch that Heroku deploys by itself; empty: none
}

// HerokuHook is a webhook of Heroku's.
type HerokuHook struct {
	URL     string
	Include []string
}

// reason is an error for people, without a full stop.
func reason(err error) string {
	var refused *bot.Refused
	var retry *bot.Retryable
	var unknown *bot.Unknown
	text := err.Error()
	switch {
	case errors.As(err, &refused):
		text = refused.Reason
	case errors.As(err, &retry):
		text = retry.Reason
	case errors.As(err, &unknown):
		text = unknown.Reason
	}
	return strings.TrimRight(text, ". ")
}
