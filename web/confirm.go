package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/steer"
)

// confirmPage says what a command would do, before anybody sends it.
type confirmPage struct {
	Key, Path   string // of the pipeline
	To          string // where it is sent
	Command     string // as people read it
	CommandLine string // as it is sent
	Commit      commit // that it names; zero: none
	Says        string // what would be answered
	OK          bool   // it would be carried out
	Problem     string // what was wrong with what was sent; empty: nothing
	Who         string // who may command it; empty: not said
	Word        string // on the button
	Stays       string // where whoever does not confirm goes

	// What the author may add; see compose.
	Lasts, Reason, Urgent, Alone bool

	Along []commit // that go live with it
	Back  *backRow // what it would bring back; nil: nothing

	ID, Shown, Seen string // of the form
}

const (
	// shownFor is how long a page of a command can be confirmed.
	shownFor = time.Hour
	// perPerson is how many commands a person may send in a minute.
	perPerson = 30
	// mostForm bounds what a form may send, in bytes.
	mostForm = 64 << 10
	// mostSeen bounds a pin in a form, in bytes: it is stored with the command.
	mostSeen = 4 << 10
)

// lockTimes are the times for which the page offers to lock.
var lockTimes = []string{"30m", "2h", "8h", "1d", "3d"}

// Times lists them.
func (confirmPage) Times() []string { return lockTimes }

// ask is the page of a command.
func (s *site) ask(v *visit) (answer, error) {
	return s.confirm(v, oneLine(v.URL.Query().Get("c")), "")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// confirm makes the page. problem is what was wrong with what was sent before.
func (s *site) confirm(v *visit, line, problem string) (answer, error) {
	r, err := s.reading(v.Context(), v.key, v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if r == nil || s.orders == nil {
		return notFound, nil
	}
	if !r.view.State.Configured {
		return nothingToCommand, nil
	}
	commands := command.ParseCommands(line)
	if len(commands) != 1 || commands[0].Verb.Asks() && commands[0].Problem == "" {
		return message(http.StatusBadRequest, "No command", fmt.Sprintf("%q is no command that a page can give. Go to the pipeline and use the buttons there.", line)), nil
	}
	page := s.confirmPage(r, v, commands[0])
	page.Problem = problem
	return answer{page: "confirm", title: page.Command, data: page}, nil
}

func (s *site) confirmPage(r *reading, v *visit, c command.Command) confirmPage {
	f := bot.Asked{ID: -1 - rand.Int64N(1<<62), Via: bot.ViaPage, User: v.person.Login, UserID: v.person.ID, Command: c.Text}
	would, pin := steer.Try(r.view.State, f, r.view.Now)
	if r.namesUnseen(would.Text) {
		would.Text = unseenPipeline
	}
	page := confirmPage{
		Key: v.key.String(), Path: pathOf(v.key), To: doPath(v.key), Command: shortened(c.Text), CommandLine: c.Text, Says: would.Text + ".", OK: would.OK, Word: wordOf(c), Stays: pathOf(v.key),
		ID: strconv.FormatInt(f.ID, 10), Shown: strconv.FormatInt(s.now().Unix(), 10), Seen: pinText(pin),
	}
	if pin.Stage != "" {
		cfg, _ := r.view.State.Config.Stage(pin.Stage)
		page.Who, page.Stays = pipeline.WhoMayCommand(cfg.Allow), page.Path+"/s/"+pin.Stage
	}
	if c := r.view.State.Candidate(pin.Candidate); c != nil {
		page.Commit, page.Stays = r.commit(c.SHA), r.candidatePath(c.SHA)
		page.Along = r.along(c)
	}
	switch c.Verb {
	case command.VerbLock:
		page.Lasts, page.Reason = c.For == 0, c.Reason == ""
	case command.VerbPromote:
		page.Urgent = would.OK && !c.Urgent && pin.Stage != "" && c.SHA != ""
	case command.VerbApprove:
		cfg, _ := r.view.State.Config.Stage(pin.Stage)
		page.Alone = cfg.FourEyes && !c.Alone && c.SHA != ""
	case command.VerbRollback:
		page.Along = nil
		for _, b := range r.back(pin.Stage) {
			if b.sha == pin.Back {
				page.Back = &b
				break
			}
		}
	}
	return page
}

var wholeSHA = regexp.MustCompile(`\b[0-9a-f]{40}\b`)

// shortened is a command as people read it: with short commits.
func shortened(line string) string { return wholeSHA.ReplaceAllStringFunc(line, bot.Short) }

// wordOf is what the button of a command says.
func wordOf(c command.Command) string {
	return map[command.Verb]string{
		command.VerbPromote: "Promote", command.VerbRollback: "Roll back", command.VerbLock: "Lock", command.VerbUnlock: "Unlock",
		command.VerbApprove: "Approve", command.VerbRetry: "Try again", command.VerbCancel: "Cancel the deploy", command.VerbIncident: "Note the incident",
	}[c.Verb]
}

func pinText(p bot.Pin) string {
	data, err := json.Marshal(p)
	if err != nil {
		return "" // a pin always becomes JSON
	}
	return string(data)
}

// press takes a command that was confirmed, and leads to where its answer shows.
func (s *site) press(v *visit) (answer, error) {
	if s.orders == nil {
		return notFound, nil
	}
	v.Body = http.MaxBytesReader(nil, v.Body, mostForm)
	if err := v.ParseForm(); err != nil {
		return message(http.StatusBadRequest, "Not understood", "What your browser sent is no form, or is too long. Go back and try again."), nil
	}
	line := oneLine(v.PostForm.Get("c"))
	if !s.tries.allow("command "+strconv.FormatInt(v.person.ID, 10), perPerson) {
		return message(http.StatusTooManyRequests, "Slower", fmt.Sprintf("You have sent %d commands in a minute. Nothing was done. Try again in a minute.", perPerson)), nil
	}
	f := bot.Asked{Via: bot.ViaPage, User: v.person.Login, UserID: v.person.ID, Seen: new(bot.Pin)}
	var problem string
	if f.Command, problem = compose(line, v.PostForm.Get); problem != "" {
		return s.confirm(v, line, problem)
	}
	shown, err := strconv.ParseInt(v.PostForm.Get("shown"), 10, 64)
	if age := s.now().Sub(time.Unix(shown, 0)); err != nil || age > shownFor || age < -time.Minute {
		return s.confirm(v, line, "Nothing was done: this was shown too long ago. It is what would happen now that counts; look again.")
	}
	f.ID, err = strconv.ParseInt(v.PostForm.Get("id"), 10, 64)
	seen := v.PostForm.Get("seen")
	if err != nil || f.ID >= 0 || len(seen) > mostSeen || json.Unmarshal([]byte(seen), f.Seen) != nil {
		return s.confirm(v, line, "Nothing was done: your browser did not send what this page had. Look again.")
	}
	if taken, err := s.orders.Ask(v.Context(), v.key, f); err != nil {
		return answer{}, err
	} else if !taken {
		return nothingToCommand, nil
	}
	return answer{to: fmt.Sprintf("%s/%d", doPath(v.key), f.ID)}, nil
}

// compose makes the command of what was confirmed and what was added to it; problem says what is missing.
func compose(line string, field func(string) string) (_, problem string) {
	if lasts := oneLine(field("lasts")); lasts != "" {
		line += " " + lasts
	}
	switch {
	case field("urgent") != "":
		line += " --urgent"
	case field("alone") != "":
		line += " --alone"
	}
	if reason := oneLine(field("reason")); reason != "" {
		line += " " + reason
	}
	list := command.ParseCommands(line)
	switch {
	case len(list) != 1 || list[0].Verb.Asks() && list[0].Problem == "":
		return "", "Nothing was done: this is no command."
	case list[0].Problem != "":
		return "", "Nothing was done: " + list[0].Problem + "."
	}
	return list[0].Text, "" // bounded, and without what looks like a secret
}

// Orders take commands of people who are signed in.
type Orders interface {
	// Ask takes a command, and returns once it will be carried out or refused; false: the pipeline has no file in force, and
	// nothing can be commanded. The same ID again changes nothing.
	Ask(ctx context.Context, key bot.Key, f bot.Asked) (taken bool, err error)
}

var nothingToCommand = message(http.StatusConflict, "Nothing to command", "There is no pipeline's file in force on the branch. Add one, and what it names can be commanded.")
