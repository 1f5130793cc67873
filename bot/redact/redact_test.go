package redact

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a secret looks like, put together here so that no scanner takes them for
// real ones.
func planted() map[string]string {
	return map[string]string{
		"an installation's token": "ghs_" + strings.Repeat("aB3_.-", 90),
		"a user's token":          "ghp_abcDEF0123456789",
		"an OAuth token":          "gho_abcDEF0123456789",
		"a refresh token":         "ghr_abcDEF0123456789",
		"a token of a new kind":   "ghz_abcDEF0123456789",
		"a fine-grained token":    "github_pat_11ABC_def0123456789",
		"an API key of Heroku's":  "HRKU-0b9b7f3c-4e57-abcdef",
		"a JWT":                   "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2ln" + "bmF0dXJl",
		"a private key":           "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nDEF\n-----END RSA PRIVATE KEY-----",
		"the start of a key":      "-----BEGIN PRIVATE KEY-----\nMIIEabcDEF",
		"a private key in base64": base64.StdEncoding.EncodeToString([]byte("-----BEGIN RSA PRIVATE KEY-----\nMIIEabcDEF")),
		`a key with \n in it`:     `-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nDEF\n-----END RSA PRIVATE KEY-----\n`,
	}
}

var around = []string{"%s", "token %s.", `{"token":"%s"}`, "Authorization: Bearer %s", "https://x:%s@github.com/a", "?token=%s&x=1", "(%s)", "a\n%s\nb",
	"https%3A%2F%2Fx%3A%s%40github.com", "Authorization:[token %s]", "clone https://x-access-token:%s@github.com/acme/shop.git: denied", "_%s",
	"\x1b[31m%s\x1b[0m", "\x1b[38:5:1m%s", "\x1b\x1b[m[1m%s", "Straße %s"}

func TestSecretsAreRedacted(t *testing.T) {
	for name, secret := range planted() {
		for _, around := range around {
			text := strings.ReplaceAll(around, "%s", secret)
			got := Redact(text)
			for part := range strings.SplitSeq(secret, "\n") {
				if len(part) > 6 && !strings.HasPrefix(part, "-----") && strings.Contains(got, part[4:]) {
					t.Errorf("%s should be gone from %q, got %q", name, text, got)
				}
			}
			if again := Redact(got); again != got {
				t.Errorf("redacting twice should change nothing: %q became %q", got, again)
			}
		}
	}
}

func TestRedact(t *testing.T) {
	const sha = "0123456789abcdef0123456789abcdef01234567"
	for text, want := range map[string]string{
		"push with ghs_0123456789abcdefghij failed":        "push with [redacted] failed",
		"\x1b[31mghs_0123456789\x1b[0m":                    "[redacted]",
		"github_pat_11AAAA_bbbb.":                          "[redacted]",
		"HRKU-0b9b7f3c-4e57 is revoked":                    "[redacted] is revoked",
		"eyJhbGciOi.eyJpc3Mi.c2ln expired":                 "[redacted] expired",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n":          "[redacted]",
		"a -----BEGIN KEY-----\nMIIE\n-----END KEY----- b": "a [redacted] b",
		"AKIAIOSFODNN7EXAMPLE":                             "[redacted]",
		"the known one: swordfish":                         "the known one: [redacted]",

		"Authorization: Bearer abc.def":         "Authorization: Bearer [redacted]",
		"Authorization: Bearer abc.def-ghi":     "Authorization: Bearer [redacted]",
		"Authorization: Basic dXNlcjpwYXNz==":   "Authorization: Basic [redacted]",
		"Authorization: token hush":             "Authorization: token [redacted]",
		"authorization=ApiKey 123-hush-456":     "authorization=ApiKey [redacted]",
		"HTTP_AUTHORIZATION: 123-hush-456":      "HTTP_AUTHORIZATION: [redacted]",
		"map[Authorization:[token hush] A:[b]]": "map[Authorization:[token [redacted]] A:[b]]",
		"something happened to Bearer abcdef":   "something happened to Bearer [redacted]",
		"sent bearer 123-hush-456":              "sent bearer [redacted]",
		"sent Basic dXNlcjpwYXNz":               "sent Basic [redacted]",

		`{"client_secret": "hu\"sh", "a": "b"}`:      `{"client_secret": "[redacted]", "a": "b"}`,
		`{"api_key":"s3cr\"et","name":"shop"}`:       `{"api_key":"[redacted]","name":"shop"}`,
		`{"webhook_secret":"hush","pem":"hush"}`:     `{"webhook_secret":"[redacted]","pem":"[redacted]"}`,
		"X-Amz-Signature=hush":                       "X-Amz-Signature=[redacted]",
		"GITHUB_WEBHOOK_SECRET=hush,old":             "GITHUB_WEBHOOK_SECRET=[redacted]",
		"HEROKU_API_KEY=hush":                        "HEROKU_API_KEY=[redacted]",
		"SESSION_SECRET=abc AWS_SECRET_ACCESS_KEY":   "SESSION_SECRET=[redacted] AWS_SECRET_ACCESS_KEY",
		"https://h/x?token=hush&y=1":                 "https://h/x?token=[redacted]&y=1",
		"see https://x.example/a?token=abc&b=1":      "see https://x.example/a?token=[redacted]&b=1",
		"https://x.example/a?sig=abc&se=2026":        "https://x.example/a?sig=[redacted]&se=2026",
		"https://me:hush@github.com/acme/shop.git":   "https://[redacted]@github.com/acme/shop.git",
		"postgres://me:hush@db/headstart":            "postgres://[redacted]@db/headstart",
		"redis://:p@ss@cache:6379":                   "redis://[redacted]@cache:6379",
		"a\x1b[31m red\x1b[0m word\x1b[K and \x1b(B": "a red word and (B",

		// What is no secret stays.
		"main.go:7: undefined: token":                               "main.go:7: undefined: token",
		"unexpected token } in basic/auth.js, see https://go.dev/e": "unexpected token } in basic/auth.js, see https://go.dev/e",
		"mail ops@example.com about it":                             "mail ops@example.com about it",
		"unknown key \"token\": did you mean \"stages\"?":           "unknown key \"token\": did you mean \"stages\"?",
		"Bearer":                          "Bearer",
		"the branch laughs_at":            "the branch laughs_at",
		"commit " + sha + " of acme/shop": "commit " + sha + " of acme/shop",
		"GET https://api.github.com/repos/acme/shop: 404 Not Found": "GET https://api.github.com/repos/acme/shop: 404 Not Found",
		"fix(authorization): handle expired sessions":               "fix(authorization): handle expired sessions",
		"Basic authentication with bearer tokens":                   "Basic authentication with bearer tokens",
		"Bearer tokens. Bearer authentication too":                  "Bearer tokens. Bearer authentication too",
		"Add basic JavaScript, OAuth2 and HTTP/2":                   "Add basic JavaScript, OAuth2 and HTTP/2",
		"Pass gha_cache and ghc_flags on":                           "Pass gha_cache and ghc_flags on",
		"Merge pull request #12 from acme/token-refresh":            "Merge pull request #12 from acme/token-refresh",
	} {
		got := Redact(text, "", "swordfish")
		if got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		if again := Redact(got); again != got {
			t.Errorf("redacting twice should change nothing: %q became %q", got, again)
		}
	}
}

// Looking for what a form needs must never pass over what its pattern matches.
func TestNothingIsPassedOver(t *testing.T) {
	for _, secret := range planted() {
		for _, around := range around {
			text := strings.ReplaceAll(around, "%s", secret)
			for _, f := range forms {
				if small := strings.ToLower(text); !f.mayBeIn(small) && f.redact(text) != text {
					t.Errorf("%s was not looked for in %q", f.pattern, text)
				}
			}
		}
	}
}

func FuzzRedact(f *testing.F) {
	for _, secret := range planted() {
		for _, around := range around {
			f.Add(strings.ReplaceAll(around, "%s", secret))
		}
	}
	for _, secret := range issued() {
		f.Add("a " + secret + " b")
	}
	for _, unit := range slow() {
		f.Add(unit + unit + unit)
	}
	for _, seed := range []string{"Authorization: [redacted]", "Basic Bearer 1234567", "token=token=x", "a://b@c@d", `"pem":"\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Redact(text)
		if strings.ContainsAny(got, "\x1b") {
			t.Errorf("a terminal would interpret what is left of %q: %q", text, got)
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q was cut within a letter: %q", text, got)
		}
		if again := Redact(got); again != got {
			t.Errorf("redacting %q twice should change nothing: %q became %q", text, got, again)
		}
	})
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		" a\x00b\r\n\tc ":              "a b c",
		"\xff\xfe":                     "\uFFFD",
		strings.Repeat("ö", 10):        strings.Repeat("ö", 10),
		strings.Repeat("ö", 11):        strings.Repeat("ö", 9) + "…",
		strings.Repeat("x", 8) + " yz": "xxxxxxxx…",
	} {
		if got := Line(text, 10); got != want {
			t.Errorf("%q is one line of ten characters as %q, want %q", text, got, want)
		}
	}
}

// A title is redacted before it is cut, so that no half of a secret stays.
func TestTitle(t *testing.T) {
	for message, want := range map[string]string{
		"":                       "",
		"One\r\n\r\nTwo":         "One",
		"\n  One \nTwo":          "One",
		strings.Repeat("ü", 256): strings.Repeat("ü", 256),
		strings.Repeat("ü", 257): strings.Repeat("ü", 255) + "…",
		strings.Repeat("x", 240) + " https://zoe:a-rather-long-password@h/": strings.Repeat("x", 240) + " https://[redac…",
		"Use -----BEGIN RSA PRIVATE KEY-----\nMIIE":                         "Use [redacted]",
	} {
		if got := Title(message); got != want {
			t.Errorf("the title of %q is %q, want %q", message, got, want)
		}
	}
}

func BenchmarkRedact(b *testing.B) {
	title := "Sign people in by their passkeys, and through the company's own login page where a session is as old as a day. "
	for name, text := range map[string]string{
		"a title":                  (title + title + title)[:256],
		"a title with a token":     (title + "ghp_abcDEF0123456789 " + title + title)[:256],
		"a title with all hints":   ("the basic bearer authorization of \"via\" https://h/?a=b @me gh_ eyJ. " + title + title)[:256],
		"a comment of 64 KB":       strings.Repeat(title, 600)[:64<<10],
		"a comment with all of it": strings.Repeat("x=1 \"gh_ mail\": https://h/ me@h eyJ. basic, bearer, authorization; ", 1000)[:64<<10],
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Redact(text)
			}
		})
	}
}
