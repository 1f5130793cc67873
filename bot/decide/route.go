package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// answerAnywayAfter is how long a pipeline may take to find out whether a pull request affects it before a comment that
// names no pipeline is answered without it.
const answerAnywayAfter = 10 * time.Second

// route takes the next steps with a comment in a repository with several pipelines. It reacts, finds out which
// pipelines the commands are for, and hands them on. Commands for no pipeline are answered here.
func (d *decision) route(r *pipeline.Request) {
	if r.Actor == nil && !d.State.Member(r) {
		d.want(pipeline.ActorKey(r), bot.ReadRights{Comment: r.Comment, People: []bot.Person{{Login: r.User, ID: r.UserID}}})
		return
	}
	if !r.Route.Decided {
		d.want(pipeline.RouteKey(r), bot.AskAffected{
			Number: r.Number, Names: r.Route.Names, Deadline: !d.Now.Before(r.At.Add(answerAnywayAfter)) || !r.Unclear(),
		})
		return
	}
	for _, send := range r.Route.Sends {
		if !send.Done {
			d.want(pipeline.AddressKey(r, send.Pipeline), bot.RouteCommands{Pipeline: send.Pipeline, Commands: bot.CommandsRouted{
				Commented: bot.Commented{ID: r.Comment, Number: r.Number, User: r.User, UserID: r.UserID, At: r.WrittenAt}, Commands: send.Commands,
			}})
		}
	}
	if !r.OwnAnswers() {
		return
	}
	if _, known := d.State.Pulls[r.Number]; !known {
		d.want(pipeline.PullOfKey(r), bot.ReadPullRequest{Number: r.Number}) // the answer is in that pull request
	}
	if r.AsksHelp() && !r.Replied {
		d.want(pipeline.ReplyKey(r), bot.Reply{
			Number: r.Number, Comment: r.Comment, Replace: d.State.Pulls[r.Number].Answer, Body: render.HelpText + "\n\n" + render.MultiHelp(r.Route.Names),
		})
		return
	}
	if r.Seen {
		d.want(pipeline.CloseKey(r), bot.React{Comment: r.Comment, Content: r.Reaction()})
	}
}
