package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// A repository is identified by its number, because names change owners. Pipelines are kept under the repository's
// name, because requests to GitHub and people use it. A delivery goes to the pipelines under its name only if the
// number fits. Otherwise one of these cases is determined before the core sees anything:
//
//	the repository was renamed     its pipelines move to the new name, in one transaction
//	an old delivery, an old name   it goes to where the pipelines are now
//	another one under that name    it is refused until the operator confirms it
//	renamed to another one's name  its pipelines rest, and it is refused likewise
//
// GitHub decides which name a repository has now, because deliveries come late and out of order. It is asked only if a
// number does not fit.

// identities is what an engine knows of names besides the store.
type identities struct {
	Identities
	directory Directory
	pinned    func(bot.Repo) int64

	retryAt time.Time // used by LookAtConfirmed alone
	pinsAt  time.Time // used by LookAtConfirmed alone: when to look next for what the settings pin

	mu      sync.Mutex
	notedAt map[named]time.Time // guarded by mu: when each refusal was last stored
	none    map[named]time.Time // guarded by mu: when each was last found to have no rule and no pipelines
	asked   map[int64]time.Time // guarded by mu: when GitHub was last asked for a holder's name
}

// named is a repository as a delivery names it.
type named struct {
	repo bot.Repo
	id   int64
}

// noteEvery is how often a refusal without news is stored. It is also how often GitHub is asked for the name of a
// repository whose former name another one uses.
const noteEvery = time.Minute

// confirmAgain is the pause before a confirmed repository is taken in again after GitHub or the database did not
// answer.
const confirmAgain = 10 * time.Second

// destination is the repository whose pipelines get a delivery.
type destination struct {
	keys []bot.Key
	repo bot.Repo
	old  bool // the delivery has a former name: its installation may be a former one, too
}

// usual returns the pipelines under a delivery's name. found is false if they are another repository's, or if there are
// none: then find continues.
func (e *Engine) usual(ctx context.Context, d Delivery) (to destination, found bool, err error) {
	if e.names.Identities == nil {
		keys, err := e.store.Pipelines(ctx, d.Repo)
		if err != nil {
			return destination{}, false, fmt.Errorf("find the pipelines of %s: %w", d.Repo, err)
		}
		return destination{keys: keys, repo: d.Repo}, true, nil
	}
	keys, id, err := e.names.Named(ctx, d.Repo)
	return destination{keys: keys, repo: d.Repo}, len(keys) > 0 && id == d.RepoID && e.names.allows(d.Repo, id), err
}

// find returns the pipelines of a delivery's repository under any name. The destination is zero if no pipeline is to
// see it.
func (e *Engine) find(ctx context.Context, d Delivery) (to destination, err error) {
	if to.repo, to.old, err = e.home(ctx, d); err != nil || to.repo == (bot.Repo{}) {
		return destination{}, err
	}
	to.keys, _, err = e.names.Named(ctx, to.repo)
	return to, err
}

// home returns the name that the pipelines of a delivery's repository have, or are to begin under. It is zero if the
// delivery is refused or ignored. old reports that the delivery has a former name.
func (e *Engine) home(ctx context.Context, d Delivery) (repo bot.Repo, old bool, err error) {
	known, err := e.names.KnownName(ctx, d.Repo, d.RepoID)
	if err != nil {
		return bot.Repo{}, false, err
	}
	if d.RepoID == 0 { // stored by a version that kept no numbers
		repo, err := e.whoseNameItWas(ctx, d.Repo)
		if err != nil || repo.Nameless() {
			return bot.Repo{}, false, err
		}
		return repo, repo != d.Repo, nil
	}
	if known.At == (bot.Repo{}) && !known.Unnumbered && e.stranger(d.Repo) {
		e.names.ignore(named{d.Repo, d.RepoID}, e.clock.Now())
		return bot.Repo{}, false, nil
	}
	here := func() (bot.Repo, bool, error) { return d.Repo, false, nil }
	by, mine := e.trusts(d.Repo, d.RepoID, known)
	switch {
	case known.At == d.Repo && mine:
		return here()
	case known.At != (bot.Repo{}) && known.At != d.Repo:
		return e.follow(ctx, d, known)
	case !mine:
		if err := e.followHolder(ctx, d.Repo, known); err != nil {
			return bot.Repo{}, false, err
		}
		return bot.Repo{}, false, e.refuse(ctx, d, d.Repo, known)
	case known.Unnumbered:
		if err := e.names.Settle(ctx, d.Repo, d.RepoID, by); err != nil {
			return bot.Repo{}, false, err
		}
		return here()
	case !begins(d.Facts):
		return bot.Repo{}, false, nil
	}
	if known.Holder == 0 {
		if before, err := e.unnumbered(ctx, d); err != nil || before != (bot.Repo{}) {
			return before, false, err
		}
	}
	if err := e.vacate(ctx, d.RepoID, known); err != nil {
		return bot.Repo{}, false, err
	}
	if err := e.names.Settle(ctx, d.Repo, d.RepoID, by); err != nil {
		return bot.Repo{}, false, err
	}
	return here()
}

// unnumbered finds the pipelines of a repository that was renamed before its number was known. It stores the number and
// moves them; zero: there are none.
func (e *Engine) unnumbered(ctx context.Context, d Delivery) (bot.Repo, error) {
	installation := installationOf(d.Facts)
	if installation == 0 {
		return bot.Repo{}, nil
	}
	names, err := e.names.Unnumbered(ctx, installation)
	if err != nil {
		return bot.Repo{}, err
	}
	for _, name := range names {
		leads, err := e.names.directory.Leads(ctx, installation, d.RepoID, name)
		if err != nil {
			return bot.Repo{}, fmt.Errorf("find out whether %s was %s before: %w", d.Repo, name, err)
		}
		if leads {
			if err := e.names.Settle(ctx, name, d.RepoID, ""); err != nil {
				return bot.Repo{}, err
			}
			return d.Repo, e.move(ctx, name, d.Repo, d.RepoID, "")
		}
	}
	return bot.Repo{}, nil
}

// trusts reports whether a name is for a repository: it is new, or the repository's own, or the operator confirmed it.
// by is set if the settings did.
func (e *Engine) trusts(repo bot.Repo, id int64, known KnownName) (by string, ok bool) {
	if pin := e.names.pinned(repo); pin != 0 {
		if known.Trusted != id {
			by = "HEADSTART_ALLOW"
		}
		return by, pin == id
	}
	return "", known.Trusted == 0 || known.Trusted == id
}

// follow finds out the current name of a repository whose pipelines are under another name than the delivery's, and
// moves them there.
func (e *Engine) follow(ctx context.Context, d Delivery, known KnownName) (repo bot.Repo, old bool, err error) {
	if _, mine := e.trusts(d.Repo, d.RepoID, known); !mine && e.names.fresh(named{d.Repo, d.RepoID}, e.clock.Now()) {
		return bot.Repo{}, false, e.refuse(ctx, d, d.Repo, known) // it still had that name a moment ago
	}
	now, err := e.whereabouts(ctx, d, known.At)
	if err != nil {
		return bot.Repo{}, false, err
	}
	if now == known.At {
		return known.At, true, nil
	}
	if now != d.Repo {
		at := known.At
		if known, err = e.names.KnownName(ctx, now, d.RepoID); err != nil {
			return bot.Repo{}, false, err
		}
		if known.At != at {
			return bot.Repo{}, false, ErrElsewhere
		}
	}
	by, mine := e.trusts(now, d.RepoID, known)
	if !mine || known.Unnumbered {
		if err := e.followHolder(ctx, now, known); err != nil {
			return bot.Repo{}, false, err
		}
		if err := e.rest(ctx, known.At, d.RepoID); err != nil {
			return bot.Repo{}, false, err
		}
		return bot.Repo{}, false, e.refuse(ctx, d, now, known)
	}
	if err := e.vacate(ctx, d.RepoID, known); err != nil {
		return bot.Repo{}, false, err
	}
	return now, now != d.Repo, e.move(ctx, known.At, now, d.RepoID, by)
}

// whereabouts asks GitHub for the current name of a delivery's repository: as the delivery's installation sees it, else
// as the pipelines' does.
func (e *Engine) whereabouts(ctx context.Context, d Delivery, at bot.Repo) (bot.Repo, error) {
	installations := []int64{installationOf(d.Facts)}
	state, err := e.anyState(ctx, at)
	if err != nil {
		return bot.Repo{}, err
	}
	if state.Installation != installations[0] {
		installations = append(installations, state.Installation)
	}
	for _, installation := range installations {
		if installation == 0 {
			continue
		}
		now, err := e.names.directory.Whereabouts(ctx, installation, d.RepoID, d.Repo, at)
		if err != nil {
			return bot.Repo{}, fmt.Errorf("find out which name the repository %d has, which was %s and comes as %s: %w", d.RepoID, at, d.Repo, err)
		}
		if now != (bot.Repo{}) {
			return now, nil
		}
	}
	return bot.Repo{}, fmt.Errorf("the repository %d, which was %s and comes as %s, cannot be found on GitHub", d.RepoID, at, d.Repo)
}

// followHolder finds the current name of the repository that held this name, and moves its pipelines there. The webhook
// of the rename may have been lost.
func (e *Engine) followHolder(ctx context.Context, repo bot.Repo, known KnownName) error {
	if known.Holder == 0 || !e.names.due(known.Holder, e.clock.Now()) {
		return nil
	}
	_, err := e.leave(ctx, known.HolderName, known.Holder)
	return err
}

// vacate moves another repository's pipelines out of a name that the operator has given away.
func (e *Engine) vacate(ctx context.Context, id int64, known KnownName) error {
	if known.Holder == 0 || known.Holder == id {
		return nil
	}
	left, err := e.leave(ctx, known.HolderName, known.Holder)
	if err != nil || left {
		return err
	}
	return e.rest(ctx, known.HolderName, known.Holder)
}

// leave moves a repository's pipelines out of a name that it no longer has. They move to its current name. They rest if
// that name is not for it, or GitHub does not show it. It returns false if the repository still has the name.
func (e *Engine) leave(ctx context.Context, from bot.Repo, id int64) (bool, error) {
	state, err := e.anyState(ctx, from)
	if err != nil || state.Installation == 0 {
		return false, err
	}
	now, err := e.names.directory.Whereabouts(ctx, state.Installation, id, from)
	if err != nil {
		return false, fmt.Errorf("find out which name the repository %d has, which was %s: %w", id, from, err)
	}
	if now == from {
		return false, nil
	}
	if now == (bot.Repo{}) {
		return true, e.rest(ctx, from, id)
	}
	known, err := e.names.KnownName(ctx, now, id)
	if err != nil {
		return false, err
	}
	by, mine := e.trusts(now, id, known)
	if !mine || known.Unnumbered || known.Holder != 0 && known.Holder != id {
		return true, e.rest(ctx, from, id)
	}
	return true, e.move(ctx, from, now, id, by)
}

// rest stops a repository's pipelines until it is seen under a name that is for it. Requests under the old name would
// be about another repository.
func (e *Engine) rest(ctx context.Context, from bot.Repo, id int64) error {
	if from.Nameless() || from == (bot.Repo{}) {
		return nil
	}
	return e.move(ctx, from, bot.Nameless(id), id, "")
}

// Pin makes the pipelines rest that are under a name which the settings give to another repository.
func (e *Engine) Pin(ctx context.Context, repo bot.Repo, id int64) error {
	known, err := e.names.KnownName(ctx, repo, id)
	if err != nil || known.Holder == 0 || known.Holder == id {
		return err
	}
	err = e.rest(ctx, known.HolderName, known.Holder)
	if errors.Is(err, ErrElsewhere) {
		return nil // another instance was faster
	}
	return err
}

// move gives a repository's pipelines another name, and makes them look at once.
func (e *Engine) move(ctx context.Context, from, to bot.Repo, id int64, by string) error {
	if err := e.names.Move(ctx, from, to, id, by); err != nil {
		return err
	}
	about := []zap.Field{zap.Int64("id", id), zap.Stringer("from", from), zap.Stringer("to", to)}
	keys, _, err := e.names.Named(ctx, to)
	if err != nil {
		return err
	}
	for _, key := range keys {
		e.memory.forget(key)
		e.memory.forget(bot.Key{Repo: from, Name: key.Name})
	}
	switch {
	case to.Nameless():
		e.log.Warn("a repository's name is another's now: its pipelines rest until it is heard of under a name of its own", about...)
		return nil
	case !e.allowed(to):
		e.log.Warn("a repository was renamed, and HEADSTART_ALLOW has no rule for its new name: nothing of it is deployed until it has", about...)
	default:
		e.log.Info("a repository was renamed: its pipelines go on under its new name", about...)
	}
	for _, key := range keys {
		if err := e.update(ctx, key, id, nil); err != nil {
			return err
		}
	}
	return nil
}

// refuse stores that a repository came under a name that is not for it.
func (e *Engine) refuse(ctx context.Context, d Delivery, repo bot.Repo, known KnownName) error {
	r := Refusal{Repo: repo, ID: d.RepoID, Known: known.Trusted, Last: e.clock.Now().Round(0)}
	if r.Known == 0 {
		r.Known = known.Holder
	}
	if pin := e.names.pinned(repo); pin != 0 {
		r.Known = pin
	}
	r.Facts = worthKeeping(d.Facts)
	first, due := e.names.note(named{repo, d.RepoID}, r.Last)
	if first {
		e.log.Warn("another repository comes under this name: it is refused until the operator confirms it with headstart repo confirm",
			zap.Stringer("repository", repo), zap.Int64("id", d.RepoID), zap.Int64("known", r.Known),
			zap.String("confirm", fmt.Sprintf("headstart repo confirm %s %d", repo, d.RepoID)))
	}
	if !due && len(r.Facts) == 0 {
		return nil
	}
	return e.names.Refuse(ctx, r)
}

// worthKeeping returns the facts of a delivery to handle once its repository is confirmed: the newest push to the
// default branch.
func worthKeeping(facts []bot.Fact) []bot.Fact {
	branch := ""
	var keep []bot.Fact
	for _, f := range facts {
		switch f := f.(type) {
		case bot.Installed:
			branch, keep = f.DefaultBranch, append(keep, f)
		case bot.Pushed:
			if f.Branch == branch && branch != "" {
				return append(keep, f)
			}
		}
	}
	return nil
}

// ignoredFor is how long a repository without a rule is ignored. It may send many deliveries, and each would ask the
// database whether the number has pipelines under another name.
const ignoredFor = 10 * time.Second

// mostIgnored bounds the remembered repositories; above it all are dropped. Anybody may install a public App and send
// deliveries that are refused.
const mostIgnored = 10_000

// ignore notes a repository that has no rule and no pipelines.
func (n *identities) ignore(r named, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.none == nil || len(n.none) >= mostIgnored {
		n.none = map[named]time.Time{}
	}
	n.none[r] = now
}

// ignored reports whether a repository was found without a rule and pipelines a moment ago.
func (n *identities) ignored(r named, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, known := n.none[r]
	return known && now.Sub(at) < ignoredFor
}

// fresh reports whether a refusal was stored a moment ago.
func (n *identities) fresh(r named, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, known := n.notedAt[r]
	return known && now.Sub(at) < noteEvery
}

// note reports whether a refusal is the first of its kind here, and whether it is due to be stored.
func (n *identities) note(r named, now time.Time) (first, due bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, known := n.notedAt[r]
	if known && now.Sub(at) < noteEvery {
		return false, false
	}
	if n.notedAt == nil || len(n.notedAt) >= mostIgnored {
		n.notedAt = map[named]time.Time{}
	}
	n.notedAt[r] = now
	return !known, true
}

// due reports whether GitHub is to be asked for a holder's name again.
func (n *identities) due(id int64, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at, known := n.asked[id]; known && now.Sub(at) < noteEvery {
		return false
	}
	if n.asked == nil || len(n.asked) >= mostIgnored {
		n.asked = map[int64]time.Time{}
	}
	n.asked[id] = now
	return true
}

// anyState loads the state of any pipeline under a name; zero: there is none.
func (e *Engine) anyState(ctx context.Context, repo bot.Repo) (pipeline.State, error) {
	keys, _, err := e.names.Named(ctx, repo)
	if err != nil || len(keys) == 0 {
		return pipeline.State{}, err
	}
	state, _, err := e.store.Load(ctx, keys[0])
	return state, err
}

func installationOf(facts []bot.Fact) int64 {
	for _, f := range facts {
		if f, ok := f.(bot.Installed); ok {
			return f.Installation
		}
	}
	return 0
}

// facts returns the facts of one repository's deliveries for the pipelines at the destination.
func (to destination) facts(id int64, facts []bot.Fact) []bot.Fact {
	var list []bot.Fact
	numbered := id == 0
	for _, f := range facts {
		if _, ok := f.(bot.Installed); ok {
			numbered = true
			if to.old {
				continue // a transferred repository has another installation now
			}
		}
		list = append(list, f)
	}
	if !numbered {
		list = append([]bot.Fact{bot.Installed{RepoID: id}}, list...)
	}
	return list
}

// Named takes a repository's current name, which GitHub sends with each token. Pipelines without a number get it.
// Pipelines under a former name move, even if the webhook of the rename was lost.
func (e *Engine) Named(ctx context.Context, installation, id int64, repo bot.Repo) {
	if e.names.Identities == nil || id == 0 {
		return
	}
	_, known, err := e.names.Named(ctx, repo)
	if err == nil && known != id {
		err = e.Deliver(ctx, Delivery{Repo: repo, RepoID: id, Facts: []bot.Fact{bot.Installed{RepoID: id, Installation: installation}}})
	}
	if err != nil && ctx.Err() == nil {
		e.log.Warn("note which name a repository has; tried again with its next delivery", zap.Stringer("repository", repo), zap.Int64("id", id), zap.Error(err))
	}
}

// retarget returns where an effect is to be performed: its repository may have been renamed since the decision. It
// returns false if the name is unknown.
func (e *Engine) retarget(ctx context.Context, target bot.Target) (bot.Target, bool, error) {
	if target.RepoID == 0 { // the number is unknown: then it is the repository in the settings
		target.RepoID = e.names.pinned(target.Pipeline.Repo)
	}
	if e.names.Identities == nil || target.RepoID == 0 {
		return target, true, nil
	}
	known := true
	if r, ok := e.memory.recall(target.Pipeline); !ok || r.state.RepoID != target.RepoID {
		var err error
		if target, known, err = e.lookUp(ctx, target); err != nil {
			return target, false, err
		}
	}
	return target, known && e.names.allows(target.Pipeline.Repo, target.RepoID), nil
}

// allows reports whether the settings let a repository have a name. A repository with an unknown number may be the one
// that they name.
func (n *identities) allows(repo bot.Repo, id int64) bool {
	pin := n.pinned(repo)
	return pin == 0 || id == 0 || pin == id
}

func (e *Engine) lookUp(ctx context.Context, target bot.Target) (bot.Target, bool, error) {
	known, err := e.names.KnownName(ctx, target.Pipeline.Repo, target.RepoID)
	if err != nil {
		return target, false, err
	}
	if known.At != (bot.Repo{}) {
		target.Pipeline.Repo = known.At
	}
	return target, !target.Pipeline.Repo.Nameless(), nil
}

// pinsEvery is how often refusals are looked at that nobody has confirmed.
const pinsEvery = time.Minute

// LookAtConfirmed takes in the repositories that the operator confirmed, or pinned in the settings, with the facts of
// their refusals. It must not be called twice at the same time.
func (e *Engine) LookAtConfirmed(ctx context.Context) error {
	if e.names.Identities == nil {
		return nil
	}
	now := e.clock.Now()
	if now.Before(e.names.retryAt) {
		return nil
	}
	// A repository that is pinned is refused no more: only an instance with other settings may still have done so.
	// Refusals may be many, for anybody may cause them.
	pins := !now.Before(e.names.pinsAt)
	list, err := e.names.Refusals(ctx, !pins)
	if err != nil {
		return err
	}
	if pins {
		e.names.pinsAt = now.Add(pinsEvery)
	}
	var errs []error
	for _, r := range list {
		if pin := e.names.pinned(r.Repo); pin != 0 && pin != r.ID || pin == 0 && !r.Confirmed {
			continue
		}
		facts := r.Facts
		if len(facts) == 0 {
			facts = []bot.Fact{bot.Installed{RepoID: r.ID}}
		}
		err := e.Deliver(ctx, Delivery{Repo: r.Repo, RepoID: r.ID, Facts: facts})
		if err == nil {
			err = e.names.Accept(ctx, r.Repo, r.ID)
		}
		if err != nil {
			errs = append(errs, err)
			e.names.retryAt = now.Add(confirmAgain)
			continue
		}
		e.log.Info("the operator has confirmed a repository", zap.Stringer("repository", r.Repo), zap.Int64("id", r.ID))
	}
	if len(errs) > 0 {
		e.names.pinsAt = time.Time{}
	}
	return errors.Join(errs...)
}

// whoseNameItWas returns the current name of the repository that a name is for.
func (e *Engine) whoseNameItWas(ctx context.Context, repo bot.Repo) (bot.Repo, error) {
	known, err := e.names.KnownName(ctx, repo, 0)
	if err != nil || known.Trusted == 0 {
		return repo, err
	}
	if known, err = e.names.KnownName(ctx, repo, known.Trusted); err != nil || known.At == (bot.Repo{}) {
		return repo, err
	}
	return known.At, nil
}
