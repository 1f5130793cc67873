package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/web/api"
)

func (s *site) apiPlan(ctx context.Context, in *struct {
	PipelinePath
	Command string `query:"command" required:"true" minLength:"1" maxLength:"1000" example:"/promote production 3f2a91c"`
}) (*body[api.Plan], error) {
	r, v, err := s.readFor(ctx, in.PipelinePath)
	if err != nil {
		return nil, err
	}
	c, err := s.apiOrder(r, in.Command)
	if err != nil {
		return nil, err
	}
	page := s.confirmPage(r, v, c)
	out := api.Plan{
		Command: page.CommandLine, OK: page.OK, Says: page.Says, Takes: page.Who, Commit: apiCommitOr(page.Commit), Along: apiCommits(page.Along), Seen: base64.RawURLEncoding.EncodeToString([]byte(page.Seen)),
	}
	if page.Back != nil {
		b := apiBack(*page.Back)
		out.Back = &b
	}
	return &body[api.Plan]{out}, nil
}

// apiOrder reads a command. Questions are none: what they are answered can be read.
func (s *site) apiOrder(r *reading, text string) (command.Command, error) {
	switch line, problem := compose(oneLine(text), func(string) string { return "" }); {
	case s.orders == nil:
		return command.Command{}, huma.Error409Conflict("This server takes no commands but comments.")
	case !r.view.State.Configured:
		return command.Command{}, huma.Error409Conflict(fmt.Sprint(nothingToCommand.data))
	case problem != "":
		return command.Command{}, huma.Error422UnprocessableEntity(problem)
	default:
		return command.ParseCommands(line)[0], nil
	}
}

// takenCommand is the answer to a command.
type takenCommand struct {
	Location string `header:"Location" format:"uri-reference" doc:"Where the answer is."`
	Body     api.Taken
}

func (s *site) apiCommand(ctx context.Context, in *struct {
	PipelinePath
	Body api.Order
}) (*takenCommand, error) {
	r, v, err := s.readFor(ctx, in.PipelinePath)
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	if c.May != mayCommand {
		return nil, huma.Error403Forbidden("This token only reads. Nothing was done. Make one at /tokens that gives commands.")
	}
	if !s.tries.allow("command "+strconv.FormatInt(c.Person, 10), perPerson) {
		return nil, huma.Error429TooManyRequests(fmt.Sprintf("You have sent %d commands in a minute. Nothing was done. Try again in a minute.", perPerson))
	}
	line, err := s.apiOrder(r, in.Body.Command)
	if err != nil {
		return nil, err
	}
	f := bot.Asked{ID: in.Body.ID, Via: bot.ViaAPI, User: c.Login, UserID: c.Person, Command: line.Text}
	if f.Seen, err = seenIn(in.Body.Seen); err != nil {
		return nil, err
	}
	if f.ID == 0 {
		f.ID = -1 - rand.Int64N(1<<53-1) // JavaScript has no larger numbers
	} else if given, err := s.askedPage(ctx, v.key, strconv.FormatInt(f.ID, 10), r.sees); err != nil {
		return nil, err
	} else if given != nil && (given.Who != f.User || given.Text != shortened(f.Command)) {
		return nil, huma.Error409Conflict("Nothing was done: another command has this number. Give each command one of its own, at random.")
	}
	taken, err := s.orders.Ask(ctx, v.key, f)
	if err != nil {
		return nil, err
	}
	if !taken {
		return nil, huma.Error409Conflict(fmt.Sprint(nothingToCommand.data))
	}
	at := fmt.Sprintf("%s/pipelines%s/commands/%d", apiPath, strings.TrimPrefix(pathOf(v.key), "/p"), f.ID)
	return &takenCommand{Location: at, Body: api.Taken{ID: f.ID, Answer: at}}, nil
}

// seenIn reads what a plan had; nil: nothing was sent.
func seenIn(text string) (*bot.Pin, error) {
	if text == "" {
		return nil, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	pin := new(bot.Pin)
	if err == nil {
		err = json.Unmarshal(data, pin)
	}
	if err != nil {
		return nil, huma.NewError(http.StatusUnprocessableEntity, "Nothing was done: seen is not what a plan had.")
	}
	return pin, nil
}

func (s *site) apiAsked(ctx context.Context, in *struct {
	PipelinePath
	ID int64 `path:"id" maximum:"-1"`
}) (*body[api.Command], error) {
	r, v, err := s.readFor(ctx, in.PipelinePath)
	if err != nil {
		return nil, err
	}
	page, err := s.askedPage(ctx, v.key, strconv.FormatInt(in.ID, 10), r.sees)
	if err != nil {
		return nil, err
	}
	if page == nil {
		return nil, huma.Error404NotFound(notThere)
	}
	state := map[level]string{moving: api.Open, quiet: api.Done, needsSomebody: api.Refused}[page.Level]
	if page.Asking {
		state = api.Asking
	}
	return &body[api.Command]{api.Command{
		ID: in.ID, Who: page.Who, Command: page.Text, At: timeOf(page.At), Answer: page.Answer,
		State: state,
	}}, nil
}
