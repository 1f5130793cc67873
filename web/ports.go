package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/doctor"
)

// Person is somebody who has signed in.
type Person struct {
	ID    int64 // GitHub's number of the account, which is never another's
	Login string
	Token string    // of GitHub's; it says what the person may see
	Until time.Time // when Token ends, and the session with it
}

// Known is a pipeline that could be shown.
type Known struct {
	Pipeline     bot.Key
	RepoID       int64 // GitHub's number of the repository; 0: unknown, and shown to nobody
	Installation int64 // of the GitHub App, as last heard
	Version      int64 // as of [Pipelines.Version]
	// Rest returns what there is to say of it; nil: it is not at rest, or that is unknown.
	Rest func() (history.Rest, error)
}

// Pipelines are what the pages tell of.
type Pipelines interface {
	// Listing lists every pipeline, by name, without its state.
	Listing(ctx context.Context) ([]Known, error)
	// Freeze returns the operator's newest freeze; zero: there never was one.
	Freeze(ctx context.Context) (bot.OperatorFreeze, error)
	// Load returns a pipeline's state and its version; version 0: there is none.
	Load(ctx context.Context, key bot.Key) (pipeline.State, int64, error)
	// Version returns a pipeline's version, which every change of its state raises; 0: there is none.
	Version(ctx context.Context, key bot.Key) (int64, error)
	// Changed returns a channel that is closed at the next change of any pipeline that this instance makes.
	Changed() <-chan struct{}
}

// People sign in with GitHub. Errors are of bot's kinds.
type People interface {
	// Address returns the page where a person signs in. GitHub sends them back to /login/callback with state.
	Address(ctx context.Context, state, verifier string) (string, error)
	// Login exchanges the code of the way back. Refused: the code is not good.
	Login(ctx context.Context, code, verifier string) (Person, error)
	// Sees returns the numbers of those of the known repositories that GitHub shows to the holder of a token. Refused:
	// the token is not good any more.
	Sees(ctx context.Context, token string, known []Known) (map[int64]bool, error)
}

// Sessions keep what a cookie stands for. Tokens are hashes of what the cookie has, and data is encrypted.
type Sessions interface {
	Session(ctx context.Context, token string) (data []byte, found bool, err error)
	// SaveSession keeps a session until it expires. person is the account's number; 0: nobody has signed in yet.
	SaveSession(ctx context.Context, token string, person int64, data []byte, expires time.Time) error
	EndSession(ctx context.Context, token string) error
	// EndSessions ends all sessions of a person.
	EndSessions(ctx context.Context, person int64) error
}

// Delivery is a webhook that could not be processed.
type Delivery struct {
	GUID, Event, Reason string
	At                  time.Time
}

// Operations are what operators see.
type Operations interface {
	// Failed lists the deliveries of the last days that could not be processed, the newest first, at most a hundred.
	Failed(ctx context.Context) ([]Delivery, error)
}

// Options are what the pages are made of. All ports but People, Outputs, Orders and Tokens are required.
type Options struct {
	URL    *url.URL // where people find the pages: https, or http on this machine
	GitHub string   // GitHub's pages, without a slash at the end
	Key    []byte   // encrypts sessions; at least 16 bytes
	// Unset are the settings without which nobody can sign in; none: People is there.
	Unset      []string
	People     People // nil: nobody can sign in
	Pipelines  Pipelines
	History    History
	Insights   Insights
	Outputs    Outputs // nil: what is running is not shown
	Orders     Orders  // nil: the pages only show
	Doings     Doings
	Sessions   Sessions
	Operations Operations
	Tokens     Tokens // nil: there is no API
	Reads      Reads  // required with Tokens
	// Examine looks for what is wrong with the installation. It ends within answers' time.
	Examine func(context.Context) doctor.Report
	// Explain says in words what a pipeline's file says: a line each, with a label at its front.
	Explain func(bot.Config) string
	// ExplainStage says in sentences what a stage asks for.
	ExplainStage func(cfg bot.Config, stage string) []string
	// IsOperator reports whether an account is an operator's.
	IsOperator func(ctx context.Context, login string, id int64) (bool, error)
	// Address returns whom a request is counted under; empty: visitors cannot be told apart.
	Address func(*http.Request) string
	Streams int              // how many pages may be followed at once; 0: a thousand
	Ending  <-chan struct{}  // closed when the server ends: streams end then; nil: never
	Now     func() time.Time // nil: time.Now
	Logger  *zap.Logger      // nil: silence
}
