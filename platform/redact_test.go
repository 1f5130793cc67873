package platform_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/platform"
)

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"push with ghs_0123456789abcdefghij failed":                 "push with [redacted] failed",
		"\x1b[31mghs_0123456789\x1b[0m":                             "[redacted]",
		"github_pat_11AAAA_bbbb.":                                   "[redacted]",
		"HRKU-0b9b7f3c-4e57 is revoked":                             "[redacted] is revoked",
		"eyJhbGciOi.eyJpc3Mi.c2ln expired":                          "[redacted] expired",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n":                   "[redacted]",
		"a -----BEGIN KEY-----\nMIIE\n-----END KEY----- b":          "a [redacted] b",
		"Authorization: Bearer abc.def-ghi":                         "Authorization: [redacted]",
		"Authorization: Basic dXNlcjpwYXNz==":                       "Authorization: [redacted]",
		`{"api_key":"s3cr\"et","name":"shop"}`:                      `{"api_key":"[redacted]","name":"shop"}`,
		"postgres://shop:hunter2@db/shop":                           "postgres://[redacted]@db/shop",
		"redis://:p@ss@cache:6379":                                  "redis://[redacted]@cache:6379",
		"SESSION_SECRET=abc AWS_SECRET_ACCESS_KEY":                  "SESSION_SECRET=[redacted] AWS_SECRET_ACCESS_KEY",
		"see https://x.example/a?token=abc&b=1":                     "see https://x.example/a?token=[redacted]&b=1",
		"AKIAIOSFODNN7EXAMPLE":                                      "[redacted]",
		"the known one: swordfish":                                  "the known one: [redacted]",
		"main.go:7: undefined: token":                               "main.go:7: undefined: token",
		"unexpected token } in basic/auth.js, see https://go.dev/e": "unexpected token } in basic/auth.js, see https://go.dev/e",
		"mail ops@example.com about it":                             "mail ops@example.com about it",
	} {
		if got := platform.Redact(text, "", "swordfish"); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
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
		if got := platform.Line(text, 10); got != want {
			t.Errorf("%q is one line of ten characters as %q, want %q", text, got, want)
		}
	}
}
