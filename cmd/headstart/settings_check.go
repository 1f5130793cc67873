package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/webhooks"
)

// shortest is how many characters a secret has at least that nobody can guess.
const shortest = 16

// mistakes are values that are not of their setting's kind, by its variable. A
// parser would stop at the first one and repeat it, and it may be a secret that was
// put into the wrong variable.
type mistakes map[string]string

// options make kong collect mistakes where a field has the type lenient or
// lenient-bool.
func (m mistakes) options() []kong.Option {
	return []kong.Option{kong.NamedMapper("lenient", lenient{m}), kong.NamedMapper("lenient-bool", lenientBool{lenient{m}}), kong.Bind(m)}
}

type lenient struct{ mistakes mistakes }

// Decode never fails: it leaves the field as it is, and remembers the value.
func (l lenient) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue(ctx.Value.Name)
	if err != nil {
		return err
	}
	l.set(ctx, fmt.Sprint(token.Value), target)
	return nil
}

func (l lenient) set(ctx *kong.DecodeContext, text string, target reflect.Value) {
	variable := ctx.Value.Tag.Envs[0]
	delete(l.mistakes, variable) // a flag wins over its variable
	text = strings.TrimSpace(text)
	var value any
	err := error(nil)
	switch target.Interface().(type) {
	case time.Duration:
		d, ok := words.ParseDuration(text)
		if value = d; !ok {
			err = errors.New("no duration")
		}
	case int64:
		value, err = strconv.ParseInt(text, 10, 64)
	case bool:
		value, err = strconv.ParseBool(text)
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		l.mistakes[variable] = text
		return
	}
	target.Set(reflect.ValueOf(value))
}

type lenientBool struct{ lenient }

// IsBool lets the flag stand without a value.
func (lenientBool) IsBool() bool { return true }

// Decode never fails either.
func (l lenientBool) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	text := "true"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		text = fmt.Sprint(ctx.Scan.Pop().Value)
	}
	l.set(ctx, text, target)
	return nil
}

// check says everything that is missing or cannot be, at once, under the names of
// the variables. It repeats no value that could be a secret.
func (s settings) check() error {
	var errs []error
	told := map[string]bool{}
	for _, variable := range s.inQuotes() {
		told[variable] = true
		errs = append(errs, fmt.Errorf("%s is in quotes, which are part of the value here: remove them", variable))
	}
	wrong := func(format string, a ...any) {
		if err := fmt.Errorf(format, a...); !told[variableOf(err.Error())] {
			errs = append(errs, err)
		}
	}
	s.checkApp(wrong)
	if list := secrets(s.GitHub.WebhookSecret); len(list) == 0 {
		wrong("GITHUB_WEBHOOK_SECRET is missing: without one anybody could make this server deploy")
	}
	for _, v := range []struct{ variable, value string }{
		{"GITHUB_WEBHOOK_SECRET", s.GitHub.WebhookSecret}, {"HEROKU_WEBHOOK_SECRET", s.Heroku.WebhookSecret},
		{"HEADSTART_METRICS_TOKEN", s.MetricsToken}, {"HEROKU_API_KEY", s.Heroku.APIKey},
	} {
		if k := kindOf(v.value); k == isKey || k == isClientID || k == isToken {
			wrong("%s holds %s: %s", v.variable, k, k.belongs())
		}
	}
	if _, bad := s.wrong["HEADSTART_SWEEP"]; bad || s.Sweep < 10*time.Second || s.Sweep > 24*time.Hour {
		wrong("HEADSTART_SWEEP: expected a time between 10s and 24h")
	}
	if _, ok := s.retention(); !ok {
		wrong("HEADSTART_HISTORY: expected a number of days such as 730d (1d at least), or 0 for ever")
	}
	if _, bad := s.wrong["HEADSTART_PRIVATE_URLS"]; bad {
		wrong("HEADSTART_PRIVATE_URLS: expected true or false")
	}
	if strings.TrimSpace(s.Allow) == "" {
		wrong("HEADSTART_ALLOW is missing, and nothing is deployed without a rule: say which repository may use which apps, as in acme/shop=shop-*")
	} else if _, err := platform.ParseAllow(s.Allow); err != nil {
		wrong("HEADSTART_ALLOW: %w", err)
	}
	if _, err := parseOperators(s.Operators); err != nil {
		wrong("HEADSTART_OPERATORS: %w", err)
	}
	s.checkLocal(wrong)
	s.checkPages(wrong)
	if _, err := webhooks.ParseProxies(s.TrustedProxies); err != nil {
		wrong("HEADSTART_TRUSTED_PROXIES: %w", err)
	}
	if s.Addr != "" && !isAddr(s.Addr) {
		wrong("HEADSTART_ADDR: expected an address such as :8080 or 127.0.0.1:8080")
	}
	if s.Addr == "" && s.Port != "" && !isAddr(":"+s.Port) {
		wrong("PORT: expected a number up to 65535")
	}
	if s.MetricsAddr != "" && !isAddr(s.MetricsAddr) {
		wrong("HEADSTART_METRICS_ADDR: expected an address such as 127.0.0.1:9090")
	}
	s.checkDatabase(wrong)
	for _, v := range []struct{ variable, value, usual string }{
		{"GITHUB_API_URL", s.GitHub.APIURL, "https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server"},
		{"HEROKU_API_URL", s.Heroku.APIURL, "https://api.heroku.com"},
		{"GITHUB_URL", s.GitHub.URL, "https://github.com, or https://HOST for GitHub Enterprise Server"},
	} {
		if u, err := url.Parse(v.value); v.value != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			wrong("%s is no address: expected %s", v.variable, v.usual)
		}
	}
	if !oneOf(strings.ToLower(s.LogLevel), "", "debug", "info", "warn", "error") {
		wrong("LOG_LEVEL: expected debug, info, warn or error")
	}
	if !oneOf(strings.ToLower(s.LogFormat), "", "json", "console") {
		wrong("LOG_FORMAT: expected json or console")
	}
	return errors.Join(errs...)
}

const (
	whereIsTheID  = "expected the number beside \"App ID\" on the GitHub App's settings page"
	whereIsTheKey = "generate a private key on the GitHub App's settings page"
)

// checkApp looks at the App's id and key, which are easily mixed up.
func (s settings) checkApp(wrong func(string, ...any)) {
	id, badID := s.wrong["GITHUB_APP_ID"]
	key := kindOf(s.GitHub.PrivateKey)
	if badID && kindOf(id) == isKey && key == isNumber {
		wrong("GITHUB_APP_ID and GITHUB_PRIVATE_KEY are swapped: exchange their values")
		return
	}
	switch k := kindOf(id); {
	case badID && k != isUnknown:
		wrong("GITHUB_APP_ID holds %s: %s", k, whereIsTheID)
	case badID && id != "":
		wrong("GITHUB_APP_ID is not a number: %s", whereIsTheID)
	case s.GitHub.AppID <= 0:
		wrong("GITHUB_APP_ID is missing: %s", whereIsTheID)
	}
	if s.GitHub.PrivateKey == "" && s.GitHub.PrivateKeyFile == "" {
		wrong("GITHUB_PRIVATE_KEY or GITHUB_PRIVATE_KEY_FILE is missing: %s", whereIsTheKey)
		return
	}
	if s.GitHub.PrivateKey == "" && kindOf(s.GitHub.PrivateKeyFile) == isKey {
		wrong("GITHUB_PRIVATE_KEY_FILE holds the key itself: put that into GITHUB_PRIVATE_KEY, or the name of its file here")
		return
	}
	switch key {
	case isNumber, isClientID, isToken:
		wrong("GITHUB_PRIVATE_KEY holds %s: %s", key, whereIsTheKey)
		return
	case isFile:
		wrong("GITHUB_PRIVATE_KEY holds the name of a file: put that into GITHUB_PRIVATE_KEY_FILE")
		return
	}
	if pem, err := s.privateKey(); err != nil {
		wrong("%w", err)
	} else if err := github.CheckKey(pem); err != nil {
		variable := "GITHUB_PRIVATE_KEY"
		if s.GitHub.PrivateKey == "" {
			variable = "GITHUB_PRIVATE_KEY_FILE"
		}
		wrong("%s: %w", variable, err)
	}
}

// warnings are about settings that work, but not as well as somebody may hope.
func (s settings) warnings() []string {
	list := append(s.localWarnings(), s.pagesWarnings()...)
	for _, v := range []struct {
		variable string
		secrets  [][]byte
	}{
		{"GITHUB_WEBHOOK_SECRET", secrets(s.GitHub.WebhookSecret)}, {"HEROKU_WEBHOOK_SECRET", secrets(s.Heroku.WebhookSecret)},
		{"HEADSTART_METRICS_TOKEN", secrets(s.MetricsToken)},
	} {
		for _, secret := range v.secrets {
			if len(secret) < shortest {
				list = append(list, fmt.Sprintf("%s: a secret of fewer than %d characters can be guessed; make a long random one (openssl rand -hex 32)", v.variable, shortest))
				break
			}
		}
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

// kind is what a value looks like, in words.
type kind string

const (
	isUnknown  kind = ""
	isKey      kind = "a private key"
	isNumber   kind = "a number, perhaps the App's id"
	isClientID kind = "the App's client id"
	isToken    kind = "a token of GitHub's"
	isFile     kind = "the name of a file"
)

var (
	clientID    = regexp.MustCompile(`^Iv\d*[A-Za-z]*[.\d][0-9A-Za-z]{10,}$`)
	gitHubToken = regexp.MustCompile(`^(gh[a-z]_|github_pat_)[0-9A-Za-z_]{10,}`)
	file        = regexp.MustCompile(`^(\.{0,2}/[^\n]*|[^\n=]{1,200}\.pem)$`)
)

func kindOf(value string) kind {
	value = strings.TrimSpace(value)
	switch {
	case strings.Contains(value, "-----BEGIN") || strings.HasPrefix(value, "LS0tLS1CRUdJTi"):
		return isKey
	case value != "" && strings.Trim(value, "0123456789") == "":
		return isNumber
	case clientID.MatchString(value):
		return isClientID
	case gitHubToken.MatchString(value):
		return isToken
	case file.MatchString(value):
		return isFile
	}
	return isUnknown
}

// belongs says where a value of that kind is expected.
func (k kind) belongs() string {
	switch k {
	case isKey:
		return "that belongs into GITHUB_PRIVATE_KEY"
	case isClientID:
		return "that is public, so it is no secret"
	}
	return "that belongs into no setting of this server"
}

func isAddr(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func oneOf(value string, list ...string) bool {
	for _, v := range list {
		if value == v {
			return true
		}
	}
	return false
}
