package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Token lets a program use the API for a person. It shows what the person sees, and does what the person may, at most.
type Token struct {
	Hash      string // of what the person was shown once
	ID        string // how that begins
	Person    int64  // GitHub's number of the account
	Login     string // the account's name when the token was made
	Name      string
	Pipelines []string // by name; none: all that the person sees
	May       string   // mayRead or mayCommand
	Made      time.Time
	Expires   time.Time
	Used      time.Time // about when last; zero: never
}

// What a token may be good for.
const (
	mayRead    = "reads"
	mayCommand = "commands"
)

// Tokens keep tokens.
type Tokens interface {
	MakeToken(ctx context.Context, t Token) error
	// Token returns the token of a hash; false: there is none, or it has expired.
	Token(ctx context.Context, hash string) (Token, bool, error)
	// TokensOf lists a person's tokens, the newest first.
	TokensOf(ctx context.Context, person int64) ([]Token, error)
	// UseToken remembers that a token was used.
	UseToken(ctx context.Context, hash string, at time.Time) error
	// RevokeToken removes a person's token by its ID, if it is there.
	RevokeToken(ctx context.Context, person int64, id string) error
}

// idLength is how many characters of a token its person knows it by. The other ones have 220 bits that nobody can guess.
const idLength = len("hst_") + 8

var isToken = regexp.MustCompile(`^hst_[A-Z2-7]{52}$`)

// newSecret returns a new token's text, of 260 random bits. Package redact knows its form.
func newSecret() string { return "hst_" + random(2) }

// hashOf is what is kept of a token.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// allows reports whether the token is for a pipeline.
func (t Token) allows(key bot.Key) bool {
	if len(t.Pipelines) == 0 {
		return true
	}
	for _, name := range t.Pipelines {
		if sameKey(keyNamed(name), key) {
			return true
		}
	}
	return false
}
