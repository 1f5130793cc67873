package redact

import (
	"regexp"
	"strings"
)

// form is one appearance of secrets. A token is opaque and may be long, so everything that
// could belong to it goes.
type form struct {
	// Every text that the pattern matches contains, in small letters, all of needs and one
	// of oneOf (nil: no such condition). Searching for them is much faster than matching.
	needs, oneOf []string
	pattern      *regexp.Regexp
	// instead replaces the secret. The words that announce the secret stay.
	instead string
	// only reports, for a pattern that also matches ordinary words, whether its last group
	// is a secret. Then that group alone goes. Nil: always a secret.
	only func(word string) bool
}

// The forms are those published by the issuers, with their sources. A beginning that
// nobody writes by hand is enough; others also need the length of a token.
var forms = append([]form{
	// RFC 7468, textual encodings of PKIX structures. Certificates go too, they are short.
	{needs: []string{"-----begin"}, pattern: regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|$)`), instead: redacted},
	// The same in base64, possibly on several lines.
	{needs: []string{"ls0tls1crudjti"}, pattern: regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/=]*(\s+[A-Za-z0-9+/=]{20,})*`), instead: redacted},
	// GitHub's tokens, also inside of something else, such as an escaped URL.
	// https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
	{needs: []string{"gh", "_"}, pattern: regexp.MustCompile(`\bgh[opsur]_[A-Za-z0-9._-]+|gh[a-z]_[A-Za-z0-9._-]{16,}`), instead: redacted},
	{needs: []string{"github_pat_"}, pattern: regexp.MustCompile(`github_pat_[A-Za-z0-9._-]+`), instead: redacted},
	// https://devcenter.heroku.com/articles/authentication#api-token-storage
	{needs: []string{"hrku-"}, pattern: regexp.MustCompile(`HRKU-[A-Za-z0-9_-]+`), instead: redacted},
	// Tokens of Headstart's own API.
	{needs: []string{"hst_"}, pattern: regexp.MustCompile(`hst_[A-Z2-7]{16,}`), instead: redacted},
	// Amazon's key IDs: of users, of sessions, of bearer tokens and of one service. The
	// secret that belongs to an ID has no form; it is known by its name.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
	{needs: []string{"a"}, oneOf: []string{"akia", "asia", "abia", "acca"}, pattern: regexp.MustCompile(`(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,}`), instead: redacted},
	// Slack: bots, users, apps, workflows, configuration, sessions; and incoming webhooks,
	// whose address is the secret. https://docs.slack.dev/authentication/tokens,
	// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
	{needs: []string{"xox"}, pattern: regexp.MustCompile(`(?i)xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%._-]{8,}`), instead: redacted},
	{needs: []string{"-"}, oneOf: []string{"xapp-", "xwfp-"}, pattern: regexp.MustCompile(`(?i)(?:xapp|xwfp)-[A-Za-z0-9-]{8,}`), instead: redacted},
	{needs: []string{"hooks.slack"}, pattern: regexp.MustCompile(`(?i)(hooks\.slack(?:-gov)?\.com/[a-z]+/)[A-Za-z0-9/_-]+`), instead: "${1}" + redacted},
	// Stripe: secret and restricted keys, live or not, and the secrets of webhooks.
	// https://docs.stripe.com/keys, https://docs.stripe.com/webhooks/signature
	{needs: []string{"k_"}, oneOf: []string{"_live_", "_test_"}, pattern: regexp.MustCompile(`(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8,}`), instead: redacted},
	{needs: []string{"whsec_"}, pattern: regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{8,}`), instead: redacted},
	// GitLab: personal, project and group access, deploy, runner, job, trigger, feed, mail,
	// agent, workspace, SCIM, feature flag and OAuth tokens.
	// https://docs.gitlab.com/security/tokens/#token-prefixes
	{needs: []string{"gl", "-"}, pattern: regexp.MustCompile(`gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|wt|soat|ffct|oas)-[A-Za-z0-9_.=-]{8,}`), instead: redacted},
	{needs: []string{"gr1348941"}, pattern: regexp.MustCompile(`GR1348941[A-Za-z0-9_-]{8,}`), instead: redacted},
	// https://github.blog/security/announcing-npms-new-access-token-format; older tokens
	// are known by their name in .npmrc, _authToken.
	{needs: []string{"npm_"}, pattern: regexp.MustCompile(`npm_[A-Za-z0-9]{30,}`), instead: redacted},
	// https://pypi.org/help/#apitoken: a macaroon in base64 behind pypi-, so its first
	// letters are always the same. Tokens of test.pypi.org have others.
	{needs: []string{"pypi-ag"}, pattern: regexp.MustCompile(`pypi-Ag[A-Za-z0-9_-]{16,}`), instead: redacted},
	// Google: API keys, access and refresh tokens, and the secrets of OAuth clients.
	// https://cloud.google.com/docs/authentication/api-keys,
	// https://developers.google.com/identity/protocols/oauth2#size
	{needs: []string{"aiza"}, pattern: regexp.MustCompile(`AIza[A-Za-z0-9_-]{30,}`), instead: redacted},
	{needs: []string{"ya29."}, pattern: regexp.MustCompile(`ya29\.[A-Za-z0-9_.-]{8,}`), instead: redacted},
	{needs: []string{"gocspx-"}, pattern: regexp.MustCompile(`GOCSPX-[A-Za-z0-9_-]{8,}`), instead: redacted},
	{needs: []string{"1//0"}, pattern: regexp.MustCompile(`1//0[A-Za-z0-9_-]{20,}`), instead: redacted},
	// JSON web tokens, RFC 7519.
	{needs: []string{"eyj", "."}, pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(\.[A-Za-z0-9_-]+)?`), instead: redacted},
	// Headers: what follows the name of a scheme is a credential. Without the header's
	// name it may be a title, such as "Basic support for bearer tokens".
	{needs: []string{"authorization"}, pattern: regexp.MustCompile(`(?i)(authorization\W{1,4}(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]+`), instead: "${1}" + redacted},
	{needs: []string{"authorization"}, pattern: regexp.MustCompile(`(?i)(authorization\W{1,4}?(?:[a-z]+\s+)?)([A-Za-z0-9._~+/=-]+)`), only: looksRandom},
	{needs: []string{"bearer"}, pattern: regexp.MustCompile(`\b(Bearer\s+)([A-Za-z0-9._~+/=-]+)`), only: isNoTopic},
	{needs: []string{"bearer"}, pattern: regexp.MustCompile(`(?i)\b(bearer\s+)([A-Za-z0-9._~+/=-]+)`), only: looksRandom},
	{needs: []string{"basic"}, pattern: regexp.MustCompile(`(?i)\b(basic\s+)([A-Za-z0-9._~+/=-]+)`), only: looksRandom},
	// Signed links, and passwords in links.
	{needs: []string{"="}, pattern: regexp.MustCompile(`(?i)\b((?:[a-z0-9_-]*signature|sig|x-amz-[a-z-]+)=)[^\s"'&;<>]+`), instead: "${1}" + redacted},
	{needs: []string{"://", "@"}, pattern: regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^\s/"']+@`), instead: "${1}" + redacted + "@"},
}, namedForms...)

func (f form) mayBeIn(small string) bool {
	for _, need := range f.needs {
		if !strings.Contains(small, need) {
			return false
		}
	}
	for _, one := range f.oneOf {
		if strings.Contains(small, one) {
			return true
		}
	}
	return f.oneOf == nil
}

func (f form) redact(text string) string {
	if f.only == nil {
		return f.pattern.ReplaceAllString(text, f.instead)
	}
	return f.pattern.ReplaceAllStringFunc(text, func(match string) string {
		if group := f.pattern.FindStringSubmatch(match); f.only(group[2]) {
			return group[1] + redacted
		}
		return match
	})
}

// How long a word must be to look random by its digits, its capitals, or its length alone.
const (
	minDigits   = 7 // "OAuth2" and "HTTP/2" are ordinary
	minCapitals = 10
	minLength   = 24
)

// looksRandom reports whether nobody would write the word by hand.
func looksRandom(word string) bool {
	switch n := len(word); {
	case n >= minLength:
		return true
	case n >= minDigits && strings.ContainsAny(word, "0123456789=+~"):
		return true
	case n < minCapitals:
		return false
	}
	humps := 0
	for i := 1; i < len(word); i++ {
		if 'a' <= word[i-1] && word[i-1] <= 'z' && 'A' <= word[i] && word[i] <= 'Z' {
			humps++
		}
	}
	return humps > 1 // "JavaScript" has one
}

// isNoTopic reports whether a word behind Bearer, written as in a header, is none that
// titles are about.
func isNoTopic(word string) bool { return !topics[strings.ToLower(strings.TrimRight(word, "."))] }

var topics = map[string]bool{"auth": true, "authentication": true, "authorization": true, "credentials": true, "header": true, "headers": true,
	"scheme": true, "token": true, "tokens": true}
