package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/store"
)

// operators are the people of HEADSTART_OPERATORS. A login may become somebody else's; the
// number of an account does not. So an operator is the account that the setting pins, or
// that was confirmed, or else the first one that a signed webhook named with the login.
type operators struct {
	logins map[string]int64 // the number that is pinned, by login in lower case; 0: none
	teams  []string         // org/team
	store  *store.Store
	log    *zap.Logger

	inTeam func(ctx context.Context, org, team, login string) (bool, error) // nil: nobody is

	mu      sync.Mutex
	members map[engine.Person]membership // guarded by mu: of the teams, as last asked
	known   map[engine.Person]time.Time  // guarded by mu: when an account was last looked up
}

var (
	goodLogin = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9]|[-_][A-Za-z0-9])*_?$`)
	goodTeam  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// parseOperators reads logins and teams, separated by spaces or commas: `@login`,
// `@login#ID` for the account of that number alone, `org/team`.
func parseOperators(text string) (*operators, error) {
	o := &operators{logins: map[string]int64{}}
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
		name, id, pinned := strings.Cut(strings.TrimPrefix(field, "@"), "#")
		switch {
		case strings.Contains(name, "/") && (pinned || strings.HasPrefix(field, "@") || !goodTeam.MatchString(name)):
			return nil, fmt.Errorf("%q is no team: expected ORGANIZATION/TEAM", redact.Redact(field))
		case strings.Contains(name, "/"):
			o.teams = append(o.teams, name)
			continue
		case !goodLogin.MatchString(name):
			return nil, fmt.Errorf("%q is no login: expected @LOGIN, @LOGIN#ID or ORGANIZATION/TEAM", redact.Redact(field))
		}
		var number64 int64
		if pinned {
			var err error
			if number64, err = number(id); err != nil {
				return nil, fmt.Errorf("%q in %q is no account's number: expected what `gh api users/LOGIN --jq .id` says, as in @ada#123", redact.Redact(id), redact.Redact(field))
			}
		}
		login := strings.ToLower(name)
		if before, twice := o.logins[login]; twice && before != 0 && number64 != 0 && before != number64 {
			return nil, fmt.Errorf("@%s is pinned to two accounts, %d and %d: it can have one number", name, before, number64)
		}
		o.logins[login] = max(o.logins[login], number64)
	}
	return o, nil
}

// lookEvery is how often an account is looked up again that comes with an operator's login:
// somebody may have confirmed it meanwhile.
const lookEvery = time.Second

// is reports whether a person is one of the operators that the setting names. Somebody
// else with an operator's login is not, which the log says.
func (o *operators) is(ctx context.Context, p engine.Person) (bool, error) {
	pinned, named := o.logins[strings.ToLower(p.Login)]
	if !named || p.ID == 0 {
		return false, nil
	}
	known, err := o.store.Operator(ctx, p.Login, p.ID, pinned)
	if err != nil {
		return false, err
	}
	o.mu.Lock()
	_, told := o.known[p]
	if o.known == nil {
		o.known = map[engine.Person]time.Time{}
	}
	o.known[p] = time.Now()
	o.mu.Unlock()
	switch {
	case known != p.ID && !told:
		o.log.Warn("another account comes with an operator's login: it is refused until it is confirmed with headstart operator confirm, or pins it in HEADSTART_OPERATORS",
			zap.String("login", p.Login), zap.Int64("id", p.ID), zap.Int64("known", known))
	case !told:
		o.log.Info("an operator was seen", zap.String("login", p.Login), zap.Int64("id", p.ID), zap.Bool("pinned", pinned != 0))
	}
	return known == p.ID, nil
}

// membership is whether somebody is in one of the operators' teams.
type membership struct {
	member bool
	until  time.Time // how long that is believed
}

// How long GitHub's word about teams is believed, and how long none is asked for after trouble.
const (
	membersLast  = 10 * time.Minute
	membersPause = time.Minute
)

// operates reports whether a person is an operator, by name or in a team. While GitHub does not say who is in a team,
// nobody is.
func (o *operators) operates(ctx context.Context, p engine.Person, now time.Time) (bool, error) {
	if named, err := o.is(ctx, p); named || err != nil || len(o.teams) == 0 || o.inTeam == nil {
		return named, err
	}
	o.mu.Lock()
	last, asked := o.members[p]
	o.mu.Unlock()
	if asked && now.Before(last.until) {
		return last.member, nil
	}
	last = membership{until: now.Add(membersLast)}
	for _, name := range o.teams {
		org, team, _ := strings.Cut(name, "/")
		is, err := o.inTeam(ctx, org, team, p.Login)
		if err != nil {
			o.log.Warn("GitHub does not say who is in a team of HEADSTART_OPERATORS; asked again in a minute", zap.String("team", name), zap.Error(err))
			last.until = now.Add(membersPause)
		}
		if last.member = is; is {
			break
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.members == nil || len(o.members) >= 1000 { // people who sign in; they are asked about anew
		o.members = map[engine.Person]membership{}
	}
	o.members[p] = last
	return last.member, nil
}

// saw notes whoever a signed webhook names. It asks the database at most once a second for
// the same account.
func (o *operators) saw(ctx context.Context, p engine.Person) {
	if _, named := o.logins[strings.ToLower(p.Login)]; !named {
		return
	}
	o.mu.Lock()
	at, known := o.known[p]
	o.mu.Unlock()
	if known && time.Since(at) < lookEvery {
		return
	}
	if _, err := o.is(ctx, p); err != nil && ctx.Err() == nil {
		o.log.Warn("note the account of an operator; tried again when it is seen next", zap.String("login", p.Login), zap.Error(err))
	}
}

// operatorCommand is about who the operators are, also while the server runs.
type operatorCommand struct {
	List    operatorListCommand    `cmd:"" help:"List the accounts that came with the logins of HEADSTART_OPERATORS."`
	Confirm operatorConfirmCommand `cmd:"" help:"Give an operator's login to another account than the one that had it."`
}

type operatorListCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
}

type operatorConfirmCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	By          string `placeholder:"NAME" help:"Name to record (default: your OS user)."`
	Login       string `arg:"" name:"login" help:"The operator's login."`
	ID          string `arg:"" name:"id" help:"The account's number, as headstart operator list shows it."`
}

// Run lists them.
func (c *operatorListCommand) Run(ctx context.Context, out console) error {
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		list, err := db.Operators(ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			fmt.Fprintln(out.out, "No operator was seen yet.")
			return nil
		}
		table := tabwriter.NewWriter(out.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "LOGIN\tID\tSINCE\tHOW IT STANDS")
		var next []string
		for _, o := range list {
			stands := "first seen"
			switch {
			case o.Refused:
				stands = "refused: the login is another account's"
				next = append(next, fmt.Sprintf("If %s is meant to be the account %d: headstart operator confirm %s %d", o.Login, o.ID, o.Login, o.ID))
			case o.By != "":
				stands = "confirmed by " + oneLine(o.By)
			}
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", o.Login, o.ID, o.Since.UTC().Format(time.RFC3339), stands)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for _, line := range next {
			fmt.Fprintf(out.out, "\n%s\n", line)
		}
		return nil
	})
}

// Run confirms an account.
func (c *operatorConfirmCommand) Run(ctx context.Context, out console) error {
	login := strings.TrimPrefix(strings.TrimSpace(c.Login), "@")
	if !goodLogin.MatchString(login) {
		return fmt.Errorf("%q is no login: expected a login", c.Login)
	}
	id, err := number(c.ID)
	if err != nil {
		return fmt.Errorf("%q is no account's number: headstart operator list shows those that were refused", c.ID)
	}
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		was, err := db.ConfirmOperator(ctx, login, id, recordedName(c.By), time.Now())
		if err != nil {
			return err
		}
		switch was {
		case id:
			fmt.Fprintf(out.out, "%s is the account %d, as it was before.\n", login, id)
		case 0:
			fmt.Fprintf(out.out, "%s is the account %d.\n", login, id)
		default:
			fmt.Fprintf(out.out, "%s is the account %d now; it was %d. Running servers notice within seconds.\n", login, id, was)
		}
		return nil
	})
}
