package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// tokensPage are the tokens of a person.
type tokensPage struct {
	Secret  string // a new token, which is shown this once; empty: none
	Problem string // what was wrong with what was sent; empty: nothing
	Rows    []tokenRow
	Name    string // as it was sent
	Days    []int  // for which a token may be good
	API     string // where the API is
}

type tokenRow struct {
	ID, Name, Pipelines, May string
	Made, Used, Expires      moment
	Expired                  bool
}

const (
	mostTokens    = 50 // of one person
	mostTokenName = 100
	day           = 24 * time.Hour
)

// tokenDays are the times for which a token may be good.
var tokenDays = []int{7, 30, 90, 365}

// listTokens is the page of somebody's tokens.
func (s *site) listTokens(v *visit) (answer, error) { return s.tokensPage(v, tokensPage{}) }

func (s *site) tokensPage(v *visit, page tokensPage) (answer, error) {
	if s.tokens == nil {
		return notFound, nil
	}
	list, err := s.tokens.TokensOf(v.Context(), v.person.ID)
	if err != nil {
		return answer{}, err
	}
	now := s.now()
	for _, t := range list {
		page.Rows = append(page.Rows, tokenRow{
			ID: t.ID, Name: t.Name, Pipelines: strings.Join(t.Pipelines, ", "), May: t.May, Expired: !now.Before(t.Expires),
			Made: momentOf(t.Made, now), Used: momentOf(t.Used, now), Expires: momentOf(t.Expires, now),
		})
	}
	page.Days, page.API = tokenDays, s.url.JoinPath("api").String()
	return answer{page: "tokens", title: "Tokens", data: page}, nil
}

// makeToken makes a token, and shows it. It is not shown again.
func (s *site) makeToken(v *visit) (answer, error) {
	if s.tokens == nil {
		return notFound, nil
	}
	v.Body = http.MaxBytesReader(nil, v.Body, mostForm)
	if err := v.ParseForm(); err != nil {
		return message(http.StatusBadRequest, "Not understood", "What your browser sent is no form, or is too long. Go back and try again."), nil
	}
	if err := s.look(v); err != nil {
		return answer{}, err
	}
	t, problem := s.tokenOf(v)
	list, err := s.tokens.TokensOf(v.Context(), v.person.ID)
	if err != nil {
		return answer{}, err
	}
	if problem == "" && len(list) >= mostTokens {
		problem = fmt.Sprintf("You have %d tokens. Revoke one first.", len(list))
	}
	if problem != "" {
		return s.tokensPage(v, tokensPage{Problem: problem, Name: t.Name})
	}
	secret := newSecret()
	t.Hash, t.ID = hashOf(secret), secret[:idLength]
	if err := s.tokens.MakeToken(v.Context(), t); err != nil {
		return answer{}, err
	}
	s.log.Info("somebody made a token", zap.String("login", t.Login), zap.Int64("id", t.Person), zap.String("token", t.ID), zap.String("may", t.May), zap.Strings("pipelines", t.Pipelines))
	s.note(v.Context(), Doing{Who: t.Login, What: "make the token " + t.ID, Answer: fmt.Sprintf("%s: it %s, of %s, until %s", t.Name, t.May, cmp.Or(strings.Join(t.Pipelines, ", "), "all that "+t.Login+" sees"), words.Moment(t.Expires)), OK: true})
	return s.tokensPage(v, tokensPage{Secret: secret})
}

// tokenOf reads what is asked for; problem says what is wrong with it.
func (s *site) tokenOf(v *visit) (t Token, problem string) {
	now := s.now()
	t = Token{Person: v.person.ID, Login: v.person.Login, Name: oneLine(v.PostForm.Get("name")), May: v.PostForm.Get("may"), Made: now}
	days, err := strconv.Atoi(v.PostForm.Get("days"))
	switch {
	case t.Name == "" || len(t.Name) > mostTokenName:
		return t, fmt.Sprintf("No token was made: give it a name of at most %d characters, such as what will use it.", mostTokenName)
	case t.May != mayRead && t.May != mayCommand, err != nil, !slices.Contains(tokenDays, days):
		return t, "No token was made: your browser did not send what this page had. Try again."
	}
	t.Expires = now.Add(time.Duration(days) * day)
	for _, name := range strings.FieldsFunc(v.PostForm.Get("pipelines"), func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\r' }) {
		k, found := v.all.named(keyNamed(name))
		if !found || !k.shownBy(v.shows) {
			return t, fmt.Sprintf("No token was made: you see no pipeline %q. Its name is OWNER/NAME, as the list of pipelines has it.", name)
		}
		t.Pipelines = append(t.Pipelines, k.Pipeline.String())
	}
	return t, ""
}

// revokeToken ends a token of the person.
func (s *site) revokeToken(v *visit) (answer, error) {
	if s.tokens == nil {
		return notFound, nil
	}
	v.Body = http.MaxBytesReader(nil, v.Body, mostForm)
	id := oneLine(v.PostFormValue("id"))
	if err := s.tokens.RevokeToken(v.Context(), v.person.ID, id); err != nil {
		return answer{}, err
	}
	s.log.Info("somebody revoked a token", zap.String("login", v.person.Login), zap.Int64("id", v.person.ID))
	if len(id) == idLength { // else no token of ours
		s.note(v.Context(), Doing{Who: v.person.Login, What: "revoke the token " + id, OK: true})
	}
	return answer{to: "/tokens"}, nil
}

// sameKey reports whether two names are the same pipeline's: GitHub's names are the same in capitals.
func sameKey(a, b bot.Key) bool {
	return strings.EqualFold(a.Repo.String(), b.Repo.String()) && a.Name == b.Name
}
