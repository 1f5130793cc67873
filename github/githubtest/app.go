package githubtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

var appRoutes = []route{
	{"GET", "/app", byJWT, "", func(c *call) answer { return ok(c.appJSON(c.app.slug)) }},
	{"GET", "/app/installations", byJWT, "", func(c *call) answer { return list(c, c.installations, c.installationJSON) }},
	{"GET", "/app/installations/{installation_id}", byJWT, "", getInstallation},
	{"POST", "/app/installations/{installation_id}/access_tokens", byJWT, "", createToken},
	{"GET", "/repos/{owner}/{repo}/installation", byJWT, "", getRepoInstallation},
	{"GET", "/installation/repositories", byToken, "metadata:read", listInstalledRepos},
	{"POST", "/app-manifests/{code}/conversions", byAnybody, "", convertManifest},
	{"GET", "/rate_limit", byToken, "", getRateLimit},
	{"GET", "/meta", byAnybody, "", func(c *call) answer {
		return ok(obj{"verifiable_password_authentication": false, "hooks": []string{"127.0.0.0/8"}})
	}},
}

// app is the GitHub App that all of this is about.
type app struct {
	id     int64
	slug   string
	key    *rsa.PrivateKey
	budget budget
}

// Installation is the App on one account.
type Installation struct {
	ID          int64
	account     *account
	permissions map[string]string
	budget      budget
	created     time.Time
	suspended   time.Time // zero if it is not
}

// reaches says whether the installation may look at a repository.
func (i *Installation) reaches(r *Repo) bool { return r.owner == i.account && !r.notInstalled }

type token struct {
	install *Installation
	// What the token was narrowed to when it was asked for; nil: not at all.
	repos       map[int64]bool
	permissions map[string]string
	expires     time.Time
	known       time.Time // from when on it is accepted
	refusal     int       // with what it is refused until then
}

// processKey is made once: a key costs a tenth of a second.
var processKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newApp(slug string) (app, error) {
	key, err := processKey()
	if err != nil {
		return app{}, fmt.Errorf("make the App's key: %w", err)
	}
	return app{id: 424242, slug: slug, key: key}, nil
}

// AppID is the App's number.
func (s *Server) AppID() int64 { return s.app.id }

// PrivateKeyPEM is the App's key, as GitHub lets people download it.
func (s *Server) PrivateKeyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.app.key)})
}

// InstallationID is the number of the App's installation on an account, or 0
// if it is not installed there. The first repository of an account installs it.
func (s *Server) InstallationID(account string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.installationOf(account)
	if err != nil {
		return 0
	}
	return i.ID
}

func (s *Server) installationOf(account string) (*Installation, error) {
	for _, i := range s.installations {
		if strings.EqualFold(i.account.login, account) {
			return i, nil
		}
	}
	return nil, fmt.Errorf("the App is not installed on %s", account)
}

// install puts the App on an account, and says so with an installation event.
func (s *Server) install(a *account) *Installation {
	i := &Installation{ID: s.nextID(), account: a, permissions: s.opts.Permissions, created: s.now()}
	s.installations = append(s.installations, i)
	s.emit(i, nil, "installation", "created", obj{"installation": s.installationEventJSON(i), "repositories": []any{}}, a.login)
	return i
}

// Suspend makes an installation unusable (403), or usable again.
func (s *Server) Suspend(account string, suspended bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.installationOf(account)
	if err != nil {
		return err
	}
	i.suspended = time.Time{}
	if suspended {
		i.suspended = s.now()
	}
	action := map[bool]string{true: "suspend", false: "unsuspend"}[suspended]
	s.emit(i, nil, "installation", action, obj{"installation": s.installationEventJSON(i)}, i.account.login)
	return nil
}

// ExpireTokens makes every token that was given out so far invalid.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// IssueToken gives out a token without a JWT: for tests of clients that only
// use one.
func (s *Server) IssueToken(account string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.installationOf(account)
	if err != nil {
		return "", err
	}
	secret, _, err := s.issue(i, token{})
	return secret, err
}

// issue makes a token of about the length that GitHub's will have.
func (s *Server) issue(i *Installation, narrowed token) (string, time.Time, error) {
	random := make([]byte, 387)
	if _, err := rand.Read(random); err != nil {
		return "", time.Time{}, fmt.Errorf("make a token: %w", err)
	}
	secret := "ghs_" + base64.RawURLEncoding.EncodeToString(random)
	expires := s.opts.AuthClock().UTC().Truncate(time.Second).Add(time.Hour)
	t := narrowed
	t.install, t.expires, t.known, t.refusal = i, expires, s.opts.AuthClock().Add(s.tokenDelay), s.tokenStatus
	s.tokens[secret] = &t
	return secret, expires, nil
}

// authenticate finds out who asks. The answer counts when refused is true.
func (s *Server) authenticate(c *call) (refusal answer, refused bool) {
	scheme, secret, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	switch c.route.auth {
	case byAnybody:
		return answer{}, false
	case byJWT:
		if !strings.EqualFold(scheme, "Bearer") || secret == "" {
			return fail(http.StatusUnauthorized, "A JSON web token could not be decoded"), true
		}
		if problem := s.verifyJWT(secret); problem != "" {
			return fail(http.StatusUnauthorized, problem), true
		}
		return answer{}, false
	case byPerson:
		return s.authenticatePerson(c, secret)
	}
	if secret == "" {
		return fail(http.StatusUnauthorized, "Requires authentication"), true
	}
	known := s.tokens[secret]
	if known == nil || !s.opts.AuthClock().Before(known.expires) {
		return fail(http.StatusUnauthorized, "Bad credentials"), true
	}
	if s.opts.AuthClock().Before(known.known) {
		return fail(known.refusal, "Bad credentials"), true
	}
	if !known.install.suspended.IsZero() {
		return fail(http.StatusForbidden, "This installation has been suspended"), true
	}
	c.install, c.token = known.install, known
	return answer{}, false
}

// verifyJWT checks what GitHub documents: RS256 by the App's key, iss the App,
// iat not in the future, exp in the future and at most ten minutes away. It
// returns what is wrong, in GitHub's words, or "".
func (s *Server) verifyJWT(jwt string) (problem string) {
	const undecodable = "A JSON web token could not be decoded"
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return undecodable
	}
	var head struct{ Alg string }
	var claims struct {
		Iss      any
		Iat, Exp float64
	}
	for i, into := range []any{&head, &claims} {
		plain, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(plain, into) != nil {
			return undecodable
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || head.Alg != "RS256" || rsa.VerifyPKCS1v15(&s.app.key.PublicKey, crypto.SHA256, digest[:], signature) != nil {
		return undecodable
	}
	issuer := fmt.Sprint(claims.Iss)
	if n, isNumber := claims.Iss.(float64); isNumber {
		issuer = strconv.FormatInt(int64(n), 10)
	}
	if issuer != strconv.FormatInt(s.app.id, 10) {
		return "'Issuer' claim ('iss') must be an Integer"
	}
	now := float64(s.opts.AuthClock().Unix())
	switch {
	case claims.Exp <= now:
		return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case claims.Exp > now+601:
		return "'Expiration time' claim ('exp') is too far in the future"
	case claims.Iat > now+1:
		return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	}
	return ""
}

// allows says whether permissions include what is needed, as "statuses:write".
func allows(permissions map[string]string, need string) bool {
	name, level, _ := strings.Cut(need, ":")
	has := permissions[name]
	return name == "" || has == "write" || has == level
}

func getInstallation(c *call) answer {
	for _, i := range c.installations {
		if i.ID == c.id("installation_id") {
			return ok(c.installationJSON(i))
		}
	}
	return notFound()
}

func getRepoInstallation(c *call) answer {
	r := c.repos[strings.ToLower(c.vars["owner"]+"/"+c.vars["repo"])]
	for _, i := range c.installations {
		if r != nil && i.reaches(r) {
			return ok(c.installationJSON(i))
		}
	}
	return notFound()
}

func listInstalledRepos(c *call) answer {
	a := counted(c, "repositories", c.token.only(c.reposOf(c.install)), func(r *Repo) obj { return r.json() })
	a.body.(obj)["repository_selection"] = "all"
	return a
}

// NewManifestCode gives out the code with which GitHub sends a person back
// after they have made an App from a manifest. It can be converted once.
func (s *Server) NewManifestCode() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.manifestCode()
}

// manifestCode is NewManifestCode for who has the lock.
func (s *Server) manifestCode() (string, error) {
	code, err := secretOf("", 20)
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	s.manifests[code] = true
	return code, nil
}

func convertManifest(c *call) answer {
	if !c.manifests[c.vars["code"]] {
		return notFound()
	}
	delete(c.manifests, c.vars["code"])
	body := c.appJSON(c.app.slug)
	body["client_id"], body["client_secret"] = c.ClientID(), c.ClientSecret()
	body["webhook_secret"], body["pem"] = orNull(c.hooks.secret), string(c.PrivateKeyPEM())
	return created(body)
}

func (s *Server) installationJSON(i *Installation) obj {
	var suspendedBy any
	if !i.suspended.IsZero() {
		suspendedBy = s.userJSON(i.account.login)
	}
	return obj{
		"id": i.ID, "account": s.userJSON(i.account.login), "repository_selection": "all",
		"access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", s.api, i.ID),
		"repositories_url":  s.api + "/installation/repositories",
		"html_url":          fmt.Sprintf("%s/settings/installations/%d", s.url, i.ID),
		"app_id":            s.app.id, "app_slug": s.app.slug, "target_id": i.account.id, "target_type": i.account.kind,
		"permissions": i.permissions, "events": s.subscribed(),
		"created_at": timestamp(i.created), "updated_at": timestamp(i.created),
		"single_file_name": nil, "suspended_by": suspendedBy, "suspended_at": timestamp(i.suspended),
	}
}

// installationEventJSON is an installation in its own events, where times are
// numbers.
func (s *Server) installationEventJSON(i *Installation) obj {
	j := s.installationJSON(i)
	j["created_at"], j["updated_at"] = i.created.Unix(), i.created.Unix()
	return j
}

// appJSON describes our App or, by any other slug, somebody else's.
func (s *Server) appJSON(slug string) obj {
	id, permissions := s.app.id, s.opts.Permissions
	if slug != s.app.slug {
		id, permissions = s.appID(slug), map[string]string{"checks": "write", "metadata": "read"}
	}
	return obj{
		"id": id, "slug": slug, "node_id": fmt.Sprintf("A_%d", id), "client_id": "Iv1." + slug,
		"owner": s.userJSON("headstart-cd"), "name": slug, "description": "", "external_url": s.appPage(slug),
		"html_url": s.appPage(slug), "permissions": permissions, "events": s.subscribed(),
		"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "installations_count": len(s.installations),
	}
}

// appID is the number of an App by its slug, the same as long as the server runs.
func (s *Server) appID(slug string) int64 {
	switch slug {
	case s.app.slug:
		return s.app.id
	case ActionsApp:
		return 15368 // GitHub Actions' own
	}
	return s.account(slug+"[bot]", "Bot").id
}
