package redact

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// issued are tokens in the form that their issuers publish, put together here so that
// no scanner takes them for real ones.
func issued() map[string]string {
	const alnum = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
	return map[string]string{
		"Slack, a bot":               "xox" + "b-1234567890-1234567890123-" + alnum[:24],
		"Slack, a user":              "xox" + "p-1234567890-1234567890-1234567890-" + strings.ToLower(alnum),
		"Slack, configuration":       "xox" + "e.xoxp-1-" + alnum,
		"Slack, an app":              "xap" + "p-1-A0123456789-1234567890123-" + strings.ToLower(alnum),
		"Slack, a workflow":          "xwf" + "p-1234567890-" + alnum,
		"Stripe, live":               "sk_" + "live_" + alnum[:24],
		"Stripe, a test":             "sk_" + "test_" + alnum[:24],
		"Stripe, restricted":         "rk_" + "live_" + alnum + alnum,
		"Stripe, a webhook":          "whs" + "ec_" + alnum[:32],
		"GitLab, personal":           "glp" + "at-" + alnum[:20],
		"GitLab, personal, routable": "glp" + "at-" + alnum[:27] + ".01." + alnum[:9],
		"GitLab, deploy":             "gld" + "t-" + alnum[:20],
		"GitLab, a runner":           "glr" + "t-" + alnum[:20],
		"GitLab, a runner of before": "GR1348" + "941" + alnum[:20],
		"GitLab, a job":              "glc" + "bt-64_" + alnum[:20],
		"GitLab, a trigger":          "glp" + "tt-" + strings.ToLower(alnum),
		"GitLab, an agent":           "gla" + "gent-" + alnum,
		"npm":                        "npm" + "_" + alnum[:36],
		"PyPI":                       "pyp" + "i-AgEIcHlwaS5vcmc" + alnum + alnum,
		"AWS, a user":                "AKI" + "AIOSFODNN7EXAMPLE",
		"AWS, a session":             "ASI" + "AIOSFODNN7EXAMPLE",
		"AWS, a bearer":              "ABI" + "AIOSFODNN7EXAMPLE",
		"Google, an API key":         "AIz" + "aSy" + alnum[:33-1],
		"Google, access":             "ya2" + "9.a0AfH6SM" + alnum,
		"Google, a client":           "GOC" + "SPX-" + alnum[:28],
		"Google, refresh":            "1//" + "0g" + alnum,
		"Headstart":                  "hst" + "_ABCDEFGH234567ABCDEFGH234567ABCDEFGH234567ABCDEFGH2345",
		"OpenSSH":                    "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACB\n-----END OPENSSH PRIVATE KEY-----",
		"EC, encrypted":              "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----\r\nMIIFHDBOBgkqhkiG9w0B\r\n-----END ENCRYPTED PRIVATE KEY-----",
		"PGP":                        "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n\nlQOYBF8Abc\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----",
	}
}

func TestTokensOfIssuersAreRedacted(t *testing.T) {
	for name, secret := range issued() {
		for _, around := range append(around, "error: 401 for %s!", "deploy_with=%s", "%s:", "token%%3D%s", "[%s]", "`%s`", "key %s, again %s") {
			text := strings.ReplaceAll(around, "%s", secret)
			got := Redact(text)
			for part := range strings.Lines(secret) {
				if part = strings.TrimSpace(part); len(part) > 10 && !strings.HasPrefix(part, "-----") && strings.Contains(got, part[len(part)-8:]) {
					t.Errorf("%s should be gone from %q, got %q", name, text, got)
				}
			}
			if again := Redact(got); again != got {
				t.Errorf("redacting twice should change nothing: %q became %q", got, again)
			}
		}
	}
	hook := "https://hooks.slack.com/" + "services/T00000000/B00000000/" + strings.Repeat("x1", 12)
	if got := Redact("posted to " + hook + " in vain"); got != "posted to https://hooks.slack.com/services/[redacted] in vain" {
		t.Errorf("the address of an incoming webhook is its secret: %q", got)
	}
}

// What stands behind the name of a secret goes, however it looks.
func TestWhatIsNamedLikeASecretIsRedacted(t *testing.T) {
	const r = "[redacted]"
	for text, want := range map[string]string{
		"password: x":                            "password: " + r,
		"password: hunter2":                      "password: " + r,
		"Password: swordfish":                    "Password: " + r,
		"password:hunter2":                       "password:" + r,
		"DB_PASSWORD: hunter2":                   "DB_PASSWORD: " + r,
		"DB_PASS: hunter2":                       "DB_PASS: " + r,
		"  db.password : hunter2":                "  db.password : " + r,
		"passphrase: correct-horse":              "passphrase: " + r,
		"spring.datasource.password=hunter2":     "spring.datasource.password=" + r,
		"SECRET_KEY_BASE: abc":                   "SECRET_KEY_BASE: " + r,
		"SECRET_KEY_BASE=abc":                    "SECRET_KEY_BASE=" + r,
		"HEROKU_API_KEY: hush":                   "HEROKU_API_KEY: " + r,
		"API_KEY=abc":                            "API_KEY=" + r,
		"apiKey: 'hush now'":                     "apiKey: '" + r + "'",
		"AWS_SECRET_ACCESS_KEY=wJalr/XUtnFEMI+K": "AWS_SECRET_ACCESS_KEY=" + r,
		"AWS_SECRET_ACCESS_KEY: wJalr/XUtnFEMI":  "AWS_SECRET_ACCESS_KEY: " + r,
		"aws_secret_access_key = wJalrXUtnFEMI":  "aws_secret_access_key = " + r,
		"STRIPE_SECRET: hush":                    "STRIPE_SECRET: " + r,
		"client_secret: hush":                    "client_secret: " + r,
		"clientSecret: hush":                     "clientSecret: " + r,
		"access_token: hush":                     "access_token: " + r,
		`{"accessToken": "hush"}`:                `{"accessToken": "` + r + `"}`,
		`{"password": "hu\"sh", "a": 1}`:         `{"password": "` + r + `", "a": 1}`,
		`{"password":"two words"}`:               `{"password":"` + r + `"}`,
		`:password=>"hunter2", :user=>"bob"`:     `:password=>"` + r + `", :user=>"bob"`,
		`'password' => 'hunter2',`:               `'password' => '` + r + `',`,
		`password = "hunter2"`:                   `password = "` + r + `"`,
		`PGPASSWORD="hunter 2" psql`:             `PGPASSWORD="` + r + `" psql`,
		"//npm.example.com/:_authToken=hush":     "//npm.example.com/:_authToken=" + r,
		"token: 0123456789abcdef":                "token: " + r,
		"secret: k3J8sLq0Zx":                     "secret: " + r,
		"Token: 'k3J8sLq0Zx'":                    "Token: '" + r + "'",
		"the password: hunter2 is wrong":         "the password: " + r + " is wrong",
		"config: password: a\nnext: b":           "config: password: " + r + "\nnext: b",
	} {
		got := Redact(text)
		if got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		if again := Redact(got); again != got {
			t.Errorf("redacting twice should change nothing: %q became %q", got, again)
		}
	}
}

// Ordinary output of builds, tests and releases stays as it is.
func TestOrdinaryLinesStay(t *testing.T) {
	for line := range strings.Lines(ordinaryOutput) {
		line = strings.TrimSuffix(line, "\n")
		if got := Redact(line); got != line {
			t.Errorf("an ordinary line is destroyed:\n%s\n%s", line, got)
		}
	}
	if got := Redact(ordinaryOutput); got != ordinaryOutput {
		t.Error("ordinary lines are destroyed where they stand together")
	}
}

// slow are texts that keep the patterns busy: what begins like a secret again and
// again, and never is one.
func slow() []string {
	units := []string{
		"token:", "password:", "password: ", "password=", "secret=\"", "'password' => '", "api_key: a ", "_key", "a-b.c_", "token", "\"token\":\"",
		"-----BEGIN A-----", "LS0tLS1CRUdJTi", "eyJ", "eyJa.", "ghp_", "xoxb-", "sk_live_", "AKIA", "AIza", "bearer ", "authorization: ",
		"https://", "a://b@", "x=", "sig=", "a\\\"", "\x1b[", "glpat-", "npm_", "1//0", "İ", "secret_key_base_", "hooks.slack.com/a/", " \t", "pass", "]\t\t",
	}
	for _, secret := range issued() {
		units = append(units, secret)
	}
	return units
}

// The time it takes grows with the length of a text, and not with its square.
func TestRedactingTakesLinearTime(t *testing.T) {
	const short, long = 16 << 10, 128 << 10
	took := func(text string) time.Duration {
		start := time.Now()
		Redact(text)
		return time.Since(start)
	}
	for _, unit := range slow() {
		text := strings.Repeat(unit, long/len(unit)+1)[:long]
		few, many := time.Duration(0), time.Duration(0)
		for range 20 { // somebody else may have the processor
			few, many = max(took(text[:short]), 50*time.Microsecond), took(text)
			if many <= 4*long/short*few {
				break
			}
		}
		if many > 4*long/short*few {
			t.Errorf("%q again and again: %d times the text takes %v instead of %v", unit, long/short, many, few)
		}
	}
}

func ExampleRedact() {
	fmt.Println(Redact("postgres: password: hunter2 for https://bob:hush@db/shop"))
	// Output: postgres: password: [redacted] for https://[redacted]@db/shop
}

// ordinaryOutput is what tools write about secrets without telling any, and what looks
// like one and is none.
const ordinaryOutput = `-----> Using buildpack: heroku/ruby
Fetching rails 7.1.3.2 and installing its password: no
added 1273 packages, and audited 1274 packages in 14s
SyntaxError: Unexpected token: punc (})
/app/src/auth.ts(12,5): error TS2322: Property 'token: string' is missing
  password: string;
  token: string | undefined
  password: String,
  pub password: Option<String>,
  secret: &str,
  api_key: &'static str,
error[E0425]: cannot find value token in this scope
./main.go:7:2: undefined: token
./auth/password.go:12:5: declared and not used: secret
auth_test.go:31: password: want an error, got none
FAIL: password: must be at least 8 characters
Validation failed: Password: can't be blank
Password: is too short (minimum is 8 characters)
FATAL:  password authentication failed for user "app"
SECRET_KEY_BASE: not set
SECRET_KEY_BASE=$SECRET_KEY_BASE
DATABASE_PASSWORD: ${DATABASE_PASSWORD}
password: ${{ secrets.DB_PASSWORD }}
password: $DB_PASSWORD
token: ${{ github.token }}
GITHUB_TOKEN: ***
password=***
"password"=>"[FILTERED]"
Parameters: {"email"=>"a@example.com", "password"=>"[FILTERED]"}
id-token: write
api_key: process.env.API_KEY,
const accessToken = getToken(session)
password = getpass("Password: ")
self.password = config.password
apiKey: config.get('key')
private_key: config/keys/id_rsa.pem
ssl_private_key: /etc/ssl/private/server.key
secret: my-app-tls
secretName: my-application-tls-certificate
Secret: my-long-application-secret-name created
primary_key: id
foreign_key: user_id
cache-key: node-modules-9f86d081884c7d65
Cache restored from key: Linux-node-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
sort key: created_at
max_tokens: 4096
Tokens: 123456789
Image: acme/auth-token:1.2.3
auth-token: v1.2.3
digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
commit 0123456789abcdef0123456789abcdef01234567
integrity sha512-AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789==
npm_config_registry=https://npm.example.com/
npm_lifecycle_event=build
pypi-server 2.0.1 is available
test pass=12 fail=0 skip=1
passed: 12, failed: 0
bypass: true
Compass: 12
keyboard: us
monkey: patch
passport: 0.7.0
password-hash: argon2id
at Token.next (/app/node_modules/acorn/dist/acorn.js:812:10)
WARN  deprecated xoxo: no longer maintained
git fetch --depth=1 origin sk_SK
locale sk_test loaded
Task asia-northeast1 finished
AKIA is a prefix of Amazon
Merge branch 'rotate-api-key: part 2'
Rotate the API key: step 1 of 3
Add a secret: see docs/secrets.md
Reset password: send a mail
Fix token: refresh it in time
Require password: yes
glpat and glrt are prefixes of GitLab
Compiling secrecy v0.8.0
`
