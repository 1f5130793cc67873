package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/headstart-cd/headstart/platform"
)

// settings are the server's, each an environment variable and a flag.
type settings struct {
	Addr        string        `env:"HEADSTART_ADDR" placeholder:":8080" help:"Listen address; wins over --port."`
	Port        string        `env:"PORT" default:"8080" help:"Listen on this port of all addresses."`
	Allow       string        `env:"HEADSTART_ALLOW" placeholder:"acme/shop=shop-*" help:"Which repository may use which apps, separated by spaces. Nothing is allowed by default."`
	DatabaseURL string        `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"sqlite:PATH or postgres://…"`
	GitHub      githubFlags   `embed:"" prefix:"github-"`
	Heroku      herokuFlags   `embed:"" prefix:"heroku-"`
	Local       string        `env:"HEADSTART_LOCAL" placeholder:"true" help:"Run the embedded platform: true, or beside-heroku together with a Heroku key. It builds and runs apps with this server's rights."`
	LocalDir    string        `env:"HEADSTART_LOCAL_DIR" placeholder:"headstart-apps" help:"Folder of the embedded platform."`
	LocalAddr   string        `env:"HEADSTART_LOCAL_ADDR" placeholder:"127.0.0.1:8081" help:"Address of the embedded platform's router."`
	PrivateURLs bool          `name:"private-urls" env:"HEADSTART_PRIVATE_URLS" help:"Let verification call private and loopback addresses."`
	Sweep       time.Duration `env:"HEADSTART_SWEEP" default:"2m" help:"How often lost webhooks are looked for."`
	LogLevel    string        `env:"LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error."`
	LogFormat   string        `env:"LOG_FORMAT" enum:"json,console" default:"json" help:"json or console."`
}

type githubFlags struct {
	AppID          int64  `env:"GITHUB_APP_ID" help:"The GitHub App's number."`
	PrivateKey     string `env:"GITHUB_PRIVATE_KEY" placeholder:"PEM" help:"The App's private key: PEM, or PEM in base64."`
	PrivateKeyFile string `env:"GITHUB_PRIVATE_KEY_FILE" help:"File with the App's private key."`
	WebhookSecret  string `env:"GITHUB_WEBHOOK_SECRET" help:"The App's webhook secret; several, separated by commas, while it is being changed."`
	APIURL         string `name:"api-url" env:"GITHUB_API_URL" default:"https://api.github.com" help:"GitHub's REST API."`
}

type herokuFlags struct {
	APIKey        string `env:"HEROKU_API_KEY" help:"Needed where a pipeline uses Heroku."`
	APIURL        string `name:"api-url" env:"HEROKU_API_URL" default:"https://api.heroku.com" help:"Heroku's Platform API."`
	WebhookSecret string `env:"HEROKU_WEBHOOK_SECRET" help:"Secret of Heroku's webhooks; without it Heroku is polled."`
}

// listenAddr is the address to listen on.
func (s settings) listenAddr() string {
	if s.Addr != "" {
		return s.Addr
	}
	return net.JoinHostPort("", s.Port)
}

// check says everything that is missing or cannot be, at once.
func (s settings) check() error {
	var errs []error
	if s.GitHub.AppID <= 0 {
		errs = append(errs, errors.New("GITHUB_APP_ID is missing: the number on the GitHub App's settings page"))
	}
	if s.GitHub.PrivateKey == "" && s.GitHub.PrivateKeyFile == "" {
		errs = append(errs, errors.New("GITHUB_PRIVATE_KEY or GITHUB_PRIVATE_KEY_FILE is missing: generate a private key on the GitHub App's settings page"))
	}
	if len(secrets(s.GitHub.WebhookSecret)) == 0 {
		errs = append(errs, errors.New("GITHUB_WEBHOOK_SECRET is missing: without one anybody could make this server deploy"))
	}
	if s.Sweep < 10*time.Second || s.Sweep > 24*time.Hour {
		errs = append(errs, fmt.Errorf("HEADSTART_SWEEP is %s: expected a time between 10s and 24h", s.Sweep))
	}
	if _, err := platform.ParseAllow(s.Allow); err != nil {
		errs = append(errs, fmt.Errorf("HEADSTART_ALLOW: %w", err))
	}
	switch {
	case !slices.Contains([]string{"", "false", "true", besideHeroku}, s.Local):
		errs = append(errs, errors.New("HEADSTART_LOCAL: expected true, false or "+besideHeroku))
	case s.Local == "true" && s.Heroku.APIKey != "":
		errs = append(errs, errors.New("HEADSTART_LOCAL: the embedded platform runs the code of repositories as this server's user, "+
			"who is trusted with HEROKU_API_KEY: remove one of the two, or set HEADSTART_LOCAL="+besideHeroku+" if you mean both"))
	}
	return errors.Join(errs...)
}

// warnings says what is allowed, and may be meant otherwise: a sentence each, with the
// setting's name first.
func (s settings) warnings() (list []string) {
	switch {
	case s.usesLocal():
		list = append(list, "HEADSTART_LOCAL: the embedded platform is on. It builds and runs the code of repositories as this server's user, "+
			"who can read the database and every file of this user: use it for repositories that you trust")
	case s.LocalDir != "" || s.LocalAddr != "":
		list = append(list, "HEADSTART_LOCAL: the embedded platform is off, though HEADSTART_LOCAL_DIR or HEADSTART_LOCAL_ADDR is set: set HEADSTART_LOCAL=true to start it")
	case s.Heroku.APIKey == "":
		list = append(list, "HEROKU_API_KEY: it is missing, so no platform is there to build on: set it, or HEADSTART_LOCAL=true for the embedded one")
	}
	return list
}

// secrets splits a list of webhook secrets, all of which are accepted.
func secrets(setting string) [][]byte {
	var list [][]byte
	for _, secret := range strings.Split(setting, ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			list = append(list, []byte(secret))
		}
	}
	return list
}

// privateKey is the App's key as PEM, or PEM in base64.
func (s settings) privateKey() ([]byte, error) {
	if s.GitHub.PrivateKey != "" {
		return []byte(s.GitHub.PrivateKey), nil
	}
	key, err := os.ReadFile(s.GitHub.PrivateKeyFile)
	if err != nil {
		// The path is not repeated: people paste the key itself there.
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, fmt.Errorf("GITHUB_PRIVATE_KEY_FILE: it has to name a file that can be read, and the key itself goes into GITHUB_PRIVATE_KEY: %w", err)
	}
	return key, nil
}

// logger makes the logger that the settings ask for, writing to standard error.
func (s settings) logger() (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(s.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("LOG_LEVEL: %w", err)
	}
	c := zap.NewProductionConfig()
	c.Level, c.Encoding, c.Sampling = zap.NewAtomicLevelAt(level), s.LogFormat, nil
	c.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
	c.EncoderConfig.TimeKey = "time"
	return c.Build()
}

// besideHeroku is what HEADSTART_LOCAL says where both platforms are meant.
const besideHeroku = "beside-heroku"

// usesLocal reports whether the embedded platform is started: HEADSTART_LOCAL says so,
// and nothing else does.
func (s settings) usesLocal() bool { return s.Local == "true" || s.Local == besideHeroku }
