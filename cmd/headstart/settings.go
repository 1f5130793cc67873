package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// settings are the server's, each an environment variable and a flag.
type settings struct {
	Addr        string        `env:"HEADSTART_ADDR" placeholder:"ADDRESS" help:"Listen address, such as 127.0.0.1:8080; wins over --port."`
	Port        string        `env:"PORT" default:"8080" help:"Listen on this port of all addresses."`
	Allow       string        `env:"HEADSTART_ALLOW" placeholder:"RULES" help:"Which repository may use which apps, such as acme/shop=shop-*, separated by spaces. Nothing is allowed by default."`
	URL         string        `name:"url" env:"HEADSTART_URL" placeholder:"ADDRESS" help:"Where people find this server, such as https://headstart.example.com. Turns the pages on."`
	SessionKey  string        `env:"HEADSTART_SESSION_KEY" help:"Encrypts the sessions of the pages. With SQLite a file beside the database by default."`
	Operators   string        `env:"HEADSTART_OPERATORS" placeholder:"PEOPLE" help:"The operators: @login, @login#ID or org/team, separated by spaces or commas."`
	DatabaseURL string        `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"sqlite:PATH or postgres://…"`
	GitHub      githubFlags   `embed:"" prefix:"github-"`
	Heroku      herokuFlags   `embed:"" prefix:"heroku-"`
	Local       string        `env:"HEADSTART_LOCAL" placeholder:"HOW" help:"Run the embedded platform: true, or beside-heroku together with a Heroku key. It builds and runs apps with this server's rights."`
	LocalDir    string        `env:"HEADSTART_LOCAL_DIR" placeholder:"DIR" help:"Folder of the embedded platform (default: headstart-apps)."`
	LocalAddr   string        `env:"HEADSTART_LOCAL_ADDR" placeholder:"ADDRESS" help:"Address of the embedded platform's router (default: 127.0.0.1:8081)."`
	PrivateURLs bool          `name:"private-urls" env:"HEADSTART_PRIVATE_URLS" type:"lenient-bool" help:"Let verification call private and loopback addresses."`
	Sweep       time.Duration `env:"HEADSTART_SWEEP" default:"2m" type:"lenient" placeholder:"DURATION" help:"How often to look for lost webhooks (default: ${default})."`
	History     string        `env:"HEADSTART_HISTORY" default:"730d" placeholder:"DURATION" help:"How long to keep history, such as 90d (default: ${default}); 0: for ever. Commands of people are kept for at least 400d."`
	Backups     string        `env:"HEADSTART_BACKUPS" placeholder:"DIR" help:"Folder of the backups, whose age headstart doctor tells."`
	// Wrong are the values that are not of their setting's kind.
	wrong mistakes

	LogLevel string `env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
	// Whose X-Forwarded-For is believed.
	TrustedProxies string `env:"HEADSTART_TRUSTED_PROXIES" placeholder:"NETWORKS" help:"Addresses and networks of proxies, such as 10.0.0.0/8, whose X-Forwarded-For is believed, separated by spaces or commas."`
	MetricsAddr    string `env:"HEADSTART_METRICS_ADDR" placeholder:"ADDRESS" help:"Serve /metrics only at this address, such as 127.0.0.1:9090."`
	MetricsToken   string `env:"HEADSTART_METRICS_TOKEN" help:"Bearer token for /metrics; without one only this machine may read it."`
	LogFormat      string `env:"LOG_FORMAT" default:"json" help:"json or console."`
}

type githubFlags struct {
	AppID          int64  `env:"GITHUB_APP_ID" type:"lenient" placeholder:"NUMBER" help:"The GitHub App's number."`
	PrivateKey     string `env:"GITHUB_PRIVATE_KEY" placeholder:"PEM" help:"The App's private key: PEM, or PEM in base64."`
	PrivateKeyFile string `env:"GITHUB_PRIVATE_KEY_FILE" help:"File with the App's private key."`
	WebhookSecret  string `env:"GITHUB_WEBHOOK_SECRET" help:"The App's webhook secret; several, separated by commas, while it is being changed."`
	APIURL         string `name:"api-url" env:"GITHUB_API_URL" default:"https://api.github.com" help:"GitHub's REST API."`
	URL            string `name:"url" env:"GITHUB_URL" placeholder:"ADDRESS" help:"GitHub's pages, where they cannot be told from the API's address."`
	ClientID       string `name:"client-id" env:"GITHUB_CLIENT_ID" placeholder:"ID" help:"The App's client ID; GitHub is asked for it by default."`
	ClientSecret   string `env:"GITHUB_CLIENT_SECRET" help:"The App's client secret, with which people sign in to the pages."`
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
		return nil, fmt.Errorf("GITHUB_PRIVATE_KEY_FILE: cannot read that file (to pass the key itself, use GITHUB_PRIVATE_KEY): %w", err)
	}
	return key, nil
}

// logger makes the logger that the settings ask for, writing to standard error.
func (s settings) logger() (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(strings.ToLower(s.LogLevel))
	if err != nil {
		return nil, fmt.Errorf("LOG_LEVEL: %w", err)
	}
	c := zap.NewProductionConfig()
	c.Level, c.Encoding, c.Sampling = zap.NewAtomicLevelAt(level), cmp.Or(strings.ToLower(s.LogFormat), "json"), nil
	c.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
	c.EncoderConfig.TimeKey = "time"
	return c.Build()
}
