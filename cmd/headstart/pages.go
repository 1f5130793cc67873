package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/doctor"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/web"
	"github.com/headstart-cd/headstart/webhooks"
)

// pages makes the pages; nil: they are off.
func (srv *server) pages(s settings, proxies webhooks.Proxies) (http.Handler, error) {
	url, err := s.pagesURL()
	if err != nil {
		return nil, fmt.Errorf("HEADSTART_URL: %w", err)
	}
	if url == nil {
		return nil, nil
	}
	key, err := s.sessionKey()
	if err != nil {
		return nil, err
	}
	o := web.Options{
		URL: url, GitHub: s.githubPages(), Key: key, Unset: s.unset(), Pipelines: listed{srv.store}, History: kept{srv.store.History()}, Insights: srv.store.History(), Outputs: outputs(srv.platforms), Orders: orders{srv.engine}, Doings: doings{srv.store}, Explain: config.Explain, ExplainStage: config.ExplainStage, Sessions: srv.store, Operations: failures{srv.store}, Tokens: tokens{srv.store}, Reads: reads(srv.github),
		Streams: connections() / 2, Ending: srv.ending, Address: proxies.Visitor, Now: srv.clock.Now, Logger: srv.log.Named("web"),
		IsOperator: func(ctx context.Context, login string, id int64) (bool, error) {
			return srv.people.operates(ctx, engine.Person{Login: login, ID: id}, srv.clock.Now())
		},
	}
	if srv.examiner, err = newExaminer(s, srv.clock.Now); err != nil {
		return nil, err
	}
	o.Examine = func(ctx context.Context) doctor.Report { return srv.examiner.examine(ctx, "") }
	if len(o.Unset) == 0 {
		door, err := srv.github.SignIn(github.SignInOptions{
			ClientID: s.GitHub.ClientID, ClientSecret: s.GitHub.ClientSecret, URL: s.GitHub.URL, Callback: url.JoinPath("login", "callback").String(),
		})
		if err != nil {
			return nil, err
		}
		o.People = visitors{door}
	}
	return web.New(o)
}

// visitors are people as the pages know them, who sign in with GitHub.
type visitors struct{ *github.SignIn }

// Login signs a person in.
func (v visitors) Login(ctx context.Context, code, verifier string) (web.Person, error) {
	p, err := v.SignIn.Login(ctx, code, verifier)
	return web.Person{ID: p.ID, Login: p.Login, Token: p.Token, Until: p.Until}, err
}

// Sees asks GitHub what a person sees.
func (v visitors) Sees(ctx context.Context, token string, known []web.Known) (map[int64]bool, error) {
	list := make([]github.Repository, len(known))
	for i, k := range known {
		list[i] = github.Repository{ID: k.RepoID, Owner: k.Pipeline.Repo.Owner, Installation: k.Installation}
	}
	return v.SignIn.Sees(ctx, token, list)
}

// listed are the pipelines of the store as the pages know them.
type listed struct{ *store.Store }

// Listing lists them.
func (l listed) Listing(ctx context.Context) ([]web.Known, error) {
	all, err := l.Store.Listing(ctx)
	list := make([]web.Known, len(all))
	for i, p := range all {
		list[i] = web.Known{Pipeline: p.Pipeline, RepoID: p.RepoID, Installation: p.Installation, Version: p.Version}
		if p.Resting() {
			list[i].Rest = p.Rest
		}
	}
	return list, err
}

// kept is the store's history as the pages know it.
type kept struct{ store.History }

// Changes lists changes, the newest first.
func (k kept) Changes(ctx context.Context, key bot.Key, before history.Change, limit int) ([]history.Change, error) {
	return k.History.Changes(ctx, key, store.Page[history.Change]{Before: before, Limit: limit})
}

// Promotions lists promotions, the newest first.
func (k kept) Promotions(ctx context.Context, key bot.Key, stage string, before history.Promotion, limit int) ([]history.Promotion, error) {
	return k.History.Promotions(ctx, key, store.Page[history.Promotion]{Before: before, Stage: stage, Limit: limit})
}

// PromotionsOf lists the promotions of a commit, the newest first.
func (k kept) PromotionsOf(ctx context.Context, key bot.Key, sha string) ([]history.Promotion, error) {
	return k.History.Promotions(ctx, key, store.Page[history.Promotion]{SHA: sha})
}

// Versions lists versions of the file, the newest first.
func (k kept) Versions(ctx context.Context, key bot.Key, limit int) ([]history.Process, error) {
	return k.History.Process(ctx, key, store.Page[history.Process]{Limit: limit})
}

// Audit lists commands, the newest first.
func (k kept) Audit(ctx context.Context, key bot.Key, f web.AuditFilter) ([]history.Audit, error) {
	return k.History.Audit(ctx, key, store.Page[history.Audit]{Before: f.Before, ID: f.ID, Who: f.Who, Has: f.Has, OK: f.OK, Limit: f.Limit})
}

// orders are the commands of pages as the engine takes them.
type orders struct{ *engine.Engine }

// Ask passes a command on.
func (o orders) Ask(ctx context.Context, key bot.Key, f bot.Asked) (taken bool, err error) {
	err = o.Engine.Ask(ctx, key, f)
	if errors.Is(err, engine.ErrNothingToCommand) {
		return false, nil
	}
	return err == nil, err
}

// outputs are what builds and releases write on the platforms of this server, by name.
type outputs map[string]platform.Platform

// Output returns what one has written since an offset.
func (o outputs) Output(name, app, id string, from int64) (web.Written, bool) {
	on, ok := o[name].(platform.Outputs)
	if !ok {
		return web.Written{}, false
	}
	log := on.Output(app, id)
	if log == nil {
		return web.Written{}, false
	}
	return web.Written(log.From(from)), true
}

// failures are what the store could not process.
type failures struct{ store *store.Store }

// Failed lists the newest hundred.
func (f failures) Failed(ctx context.Context) ([]web.Delivery, error) {
	failed := store.Failed
	all, err := f.store.Deliveries(ctx, store.Filter{Outcome: &failed, Limit: 100})
	list := make([]web.Delivery, len(all))
	for i, d := range all {
		list[i] = web.Delivery{GUID: d.GUID, Event: d.Event, Reason: d.Reason, At: d.ReceivedAt}
	}
	return list, err
}
