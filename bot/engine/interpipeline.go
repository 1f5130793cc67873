package engine

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
)

// do performs an effect. Effects between pipelines are performed here, from the store; all others by the Performer.
func (e *Engine) do(ctx context.Context, target bot.Target, effect bot.Effect) (bot.Fact, error) {
	repo := target.Pipeline.Repo
	switch do := effect.Do.(type) {
	case bot.OpenPipelines:
		for _, name := range do.Names {
			if err := e.update(ctx, bot.Key{Repo: repo, Name: name}, target.RepoID, do.Facts()); err != nil {
				return nil, storeTrouble(err)
			}
		}
		return bot.Acknowledged{}, nil
	case bot.RouteCommands:
		if err := e.update(ctx, bot.Key{Repo: repo, Name: do.Pipeline}, target.RepoID, []bot.Fact{do.Commands}); err != nil {
			return nil, storeTrouble(err)
		}
		return bot.Acknowledged{}, nil
	case bot.SendSection:
		if err := e.update(ctx, bot.Key{Repo: repo}, target.RepoID, []bot.Fact{do.Section}); err != nil {
			return nil, storeTrouble(err)
		}
		return bot.Acknowledged{}, nil
	case bot.AskAffected:
		return e.askAffected(ctx, repo, do)
	case bot.AskStage:
		return e.askStage(ctx, target, do)
	case bot.ReadConfig:
		if !e.allowed(repo) {
			return nil, &bot.Refused{Reason: fmt.Sprintf("the operator's HEADSTART_ALLOW has no rule for %s", repo)}
		}
	}
	return e.perform.Perform(ctx, target, effect)
}

// askAffected asks each pipeline whether a pull request affects it.
func (e *Engine) askAffected(ctx context.Context, repo bot.Repo, do bot.AskAffected) (bot.Fact, error) {
	read := bot.PipelinesAffected{Number: do.Number}
	for _, name := range do.Names {
		state, _, err := e.store.Load(ctx, bot.Key{Repo: repo, Name: name})
		if err != nil {
			return nil, storeTrouble(err)
		}
		switch affected := state.PullAffects(do.Number); {
		case affected == "" && !do.Deadline:
			return nil, &bot.Retryable{Reason: fmt.Sprintf("the pipeline %s is still finding out whether the pull request affects it", name)}
		case affected != bot.AffectedNo:
			read.Names = append(read.Names, name)
		}
	}
	return read, nil
}

// askStage answers for another pipeline's stage. A stage of another installation is answered as if it did not exist.
func (e *Engine) askStage(ctx context.Context, target bot.Target, do bot.AskStage) (bot.Fact, error) {
	need := do.Need.Pipeline
	state, version, err := e.store.Load(ctx, need)
	if err == nil && version == 0 && e.names.Identities != nil {
		// The repository may have been renamed: its former name is meant.
		if need.Repo, err = e.whoseNameItWas(ctx, need.Repo); err == nil {
			state, _, err = e.store.Load(ctx, need)
		}
	}
	switch {
	case err != nil:
		return nil, storeTrouble(err)
	case target.Installation == 0 || state.Installation != target.Installation:
		return bot.StageRuns{}, nil
	}
	return gate.StageRuns(state, do, e.clock.Now()), nil
}

// notifyNeeding notifies the pipelines that need a moved stage, so that they ask at once. If it fails, they ask later.
func (e *Engine) notifyNeeding(ctx context.Context, moved []bot.Need) {
	for _, stage := range moved {
		keys, err := e.store.Needing(ctx, stage)
		for _, key := range keys {
			if _, _, err = e.commitOnly(ctx, key, 0, []bot.Fact{bot.StageMoved{Stage: stage}}); err != nil {
				break
			}
		}
		if err != nil {
			e.log.Warn("could not notify pipelines that need this stage; they will ask again",
				zap.Stringer("stage", stage), zap.Error(err))
		}
	}
}

// storeTrouble makes an error of the store retryable: a retry here does nothing twice.
func storeTrouble(err error) error {
	return &bot.Retryable{Reason: "the database does not answer", Err: err}
}
