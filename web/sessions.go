package web

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// What a session holds. Before somebody has signed in: what the way back from GitHub has to bring.
const (
	holdsState    = "state"
	holdsVerifier = "verifier"
	holdsTo       = "to"
	holdsID       = "id"
	holdsLogin    = "login"
	holdsToken    = "token"
	holdsUntil    = "until"
)

// signInWithin is how long somebody may take on GitHub's page.
const signInWithin = 10 * time.Minute

// sessionsLast bounds a session, however long GitHub's token is good for.
const sessionsLast = 8 * time.Hour

// newSessions makes what keeps sessions: the cookie has a random token, the database its hash and what it stands for,
// encrypted under key. So neither the database nor a backup of it lets anybody in, or tells a token of GitHub's.
func newSessions(rows Sessions, key []byte, https bool, failed func(http.ResponseWriter, *http.Request, error)) (*scs.SessionManager, error) {
	seal, err := newSeal(key)
	if err != nil {
		return nil, err
	}
	m := scs.New()
	m.Store, m.HashTokenInStore, m.ErrorFunc = sealed{rows, seal}, true, failed
	m.Lifetime = signInWithin // of a session in which nobody has signed in
	m.Cookie.Name, m.Cookie.Secure = "headstart", false
	if https {
		m.Cookie.Name, m.Cookie.Secure = "__Host-headstart", true
	}
	m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Path = true, http.SameSiteLaxMode, "/"
	m.Cookie.Persist = false // it ends with the browser, or when the token does
	return m, nil
}

// newSeal derives the key of this purpose, and no other, from the setting.
func newSeal(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "headstart: what a session keeps", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key of sessions: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher of sessions: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealed is a store of scs that keeps nothing readable. The row's token is sealed along, so that no row can be put in
// the place of another.
type sealed struct {
	rows Sessions
	seal cipher.AEAD
}

var _ scs.CtxStore = sealed{}

// FindCtx returns what was saved. A row that was sealed with another key is none.
func (s sealed) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, found, err := s.rows.Session(ctx, token)
	if err != nil || !found {
		return nil, false, err
	}
	open, err := s.seal.Open(nil, nil, data, []byte(token))
	return open, err == nil, nil
}

// CommitCtx saves a session, and whose it is.
func (s sealed) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(b)
	if err != nil {
		return fmt.Errorf("read the session to be saved: %w", err)
	}
	person, _ := values[holdsID].(int64)
	return s.rows.SaveSession(ctx, token, person, s.seal.Seal(nil, nil, b, []byte(token)), expiry)
}

// DeleteCtx ends a session.
func (s sealed) DeleteCtx(ctx context.Context, token string) error {
	return s.rows.EndSession(ctx, token)
}

var errNoContext = errors.New("sessions are kept with a context")

// Find is never called: scs prefers FindCtx.
func (s sealed) Find(string) ([]byte, bool, error) { return nil, false, errNoContext }

// Commit is never called.
func (s sealed) Commit(string, []byte, time.Time) error { return errNoContext }

// Delete is never called.
func (s sealed) Delete(string) error { return errNoContext }

// person returns who is signed in; nil: nobody, or the session has ended.
func (s *site) person(ctx context.Context) *Person {
	p := &Person{
		ID: s.sessions.GetInt64(ctx, holdsID), Login: s.sessions.GetString(ctx, holdsLogin), Token: s.sessions.GetString(ctx, holdsToken),
		Until: time.Unix(s.sessions.GetInt64(ctx, holdsUntil), 0),
	}
	if p.ID == 0 || !s.now().Before(p.Until) {
		return nil
	}
	return p
}

// signIn begins the session of a person, under a new token.
func (s *site) signIn(ctx context.Context, p Person) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	if latest := s.now().Add(sessionsLast); p.Until.After(latest) {
		p.Until = latest
	}
	s.sessions.Put(ctx, holdsID, p.ID)
	s.sessions.Put(ctx, holdsLogin, p.Login)
	s.sessions.Put(ctx, holdsToken, p.Token)
	s.sessions.Put(ctx, holdsUntil, p.Until.Unix())
	s.sessions.SetDeadline(ctx, p.Until)
	return nil
}

// random returns text that nobody can guess, of so many times 128 bits.
func random(times int) (text string) {
	for range times {
		text += rand.Text()
	}
	return text
}
