package web

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

const (
	// mostQuiet is how many pipelines at rest a home page lists; the others are on further ones.
	mostQuiet = 100
	// mostCards is how many pipelines of one group are told of in full.
	mostCards = 100
	// findFrom is from how many pipelines on they can be searched.
	findFrom = 12
)

// homePage is everything that a person may see, by the attention that it asks for.
type homePage struct {
	Frozen     string // why nothing is promoted anywhere; empty: it is not
	Needs      group
	Moving     group
	Quiet      []quietRow
	QuietCount int
	All        int    // pipelines that the person may see
	Search     bool   // there are enough to search them
	Find       string // what names have to contain; empty: anything
	Next       string // where the list of the quiet ones goes on; empty: it ends here
	Wall       bool
	Live, Seen string // where the page is followed, and what it shows now
	Parts      []part
}

// group is pipelines that ask for the same attention.
type group struct {
	Cards []pipelineCard
	More  int // pipelines that are not listed
}

func (g *group) add(c pipelineCard) {
	if len(g.Cards) == mostCards {
		g.More++
		return
	}
	g.Cards = append(g.Cards, c)
}

// Count is how many pipelines are in the group.
func (g group) Count() int { return len(g.Cards) + g.More }

// pipelineCard is a pipeline on which something happens.
type pipelineCard struct {
	Name, Path string
	Summary    summary
}

// homeQuery is what a home page is asked for.
type homeQuery struct {
	find  string
	after string // the name of the pipeline after which the list of the quiet ones begins
	wall  bool   // for a screen on the wall: large, and without what is quiet
}

func homeQueryOf(values url.Values) homeQuery {
	return homeQuery{find: strings.TrimSpace(values.Get("find")), after: values.Get("after"), wall: values.Has("wall")}
}

// at is the query as a part of an address.
func (q homeQuery) at(path string) string {
	values := url.Values{}
	for name, value := range map[string]string{"find": q.find, "after": q.after} {
		if value != "" {
			values.Set(name, value)
		}
	}
	text := values.Encode()
	if q.wall {
		text = strings.TrimPrefix(text+"&wall", "&")
	}
	if text == "" {
		return path
	}
	return path + "?" + text
}

// homeParts are the parts of the page that change; those of the wall are the first ones.
var homeParts = []string{"frozen", "needs", "moving", "quiet"}

// NotFound reports that no name has what was asked for.
func (p *homePage) NotFound() bool {
	return p.Find != "" && p.QuietCount+p.Needs.Count()+p.Moving.Count() == 0
}

// welcome is the home page of somebody who is not signed in. It shows nothing but how to.
func (s *site) welcome() answer {
	return answer{page: "welcome", title: "Headstart", data: struct{ Unset []string }{s.unset}}
}

func (s *site) home(v *visit) (answer, error) {
	if v.person == nil {
		return s.welcome(), nil
	}
	if err := s.look(v); err != nil {
		return answer{}, err
	}
	q := homeQueryOf(v.URL.Query())
	page, err := s.homePage(v.Context(), v.all.shownBy(v.shows), q)
	if err != nil {
		return answer{}, err
	}
	page.Live, page.Seen = q.at("/live"), digest(page.Parts...)
	return answer{page: "home", title: "Pipelines", data: page, wall: q.wall}, nil
}

// homePage makes the page of somebody who sees some pipelines, which are in the order of their names.
func (s *site) homePage(ctx context.Context, sees []Known, q homeQuery) (*homePage, error) {
	page := &homePage{All: len(sees), Search: len(sees) >= findFrom || q.find != "", Find: q.find, Wall: q.wall}
	freeze, err := s.pipelines.Freeze(ctx)
	if err != nil {
		return nil, err
	}
	if freeze.Active(s.now()) {
		page.Frozen = freeze.Text()
	}
	seen := func(key bot.Key) bool { return among(sees, key) }
	var calm []restOrReading
	for _, k := range sees {
		if !strings.Contains(strings.ToLower(k.Pipeline.String()), strings.ToLower(q.find)) {
			continue
		}
		if k.Rest != nil {
			calm = append(calm, restOrReading{Known: k})
			continue
		}
		r, err := s.reading(ctx, k.Pipeline, seen)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue // it was forgotten meanwhile
		}
		card := pipelineCard{Name: k.Pipeline.String(), Path: pathOf(k.Pipeline), Summary: r.summary()}
		switch card.Summary.Level {
		case needsSomebody:
			page.Needs.add(card)
		case moving, waits:
			page.Moving.add(card)
		default:
			calm = append(calm, restOrReading{k, r})
		}
	}
	page.QuietCount = len(calm)
	if !q.wall {
		if page.Quiet, page.Next, err = s.quiet(ctx, calm, q); err != nil {
			return nil, err
		}
	}
	names := homeParts
	if q.wall {
		names = homeParts[:3]
	}
	page.Parts, err = partsOf("home", names, page)
	return page, err
}

// among reports whether a pipeline is in a list that is in the order of names.
func among(list []Known, key bot.Key) bool {
	_, found := slices.BinarySearchFunc(list, key, func(k Known, key bot.Key) int { return compareKeys(k.Pipeline, key) })
	return found
}

// followHome tells of changes of the page. Viewers who see the same repositories watch one topic.
func (s *site) followHome(v *visit) (answer, error) {
	if err := s.look(v); err != nil {
		return answer{}, err
	}
	q := homeQueryOf(v.URL.Query())
	visible, h := map[int64]bool{}, fnv.New128a()
	for _, k := range v.all.shownBy(v.shows) {
		if !visible[k.RepoID] {
			visible[k.RepoID] = true
			fmt.Fprintf(h, "%d ", k.RepoID)
		}
	}
	return answer{follows: &watched{
		name:  "home " + strconv.Quote(q.at("")) + " " + fmt.Sprintf("%x", h.Sum(nil)),
		pause: time.Second,
		version: func(ctx context.Context) (int64, error) {
			list, err := s.fleet.list(ctx)
			if err != nil {
				return 0, err
			}
			return list.stamp, nil
		},
		parts: func(ctx context.Context) ([]part, error) {
			list, err := s.fleet.list(ctx)
			if err != nil {
				return nil, err
			}
			page, err := s.homePage(ctx, list.shownBy(visible), q)
			if err != nil {
				return nil, err
			}
			return page.Parts, nil
		},
	}}, nil
}

// reading loads a pipeline, as of now, for somebody who sees certain others; nil: there is none any more.
func (s *site) reading(ctx context.Context, key bot.Key, sees func(bot.Key) bool) (*reading, error) {
	state, version, err := s.pipelines.Load(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("show %s: %w", key, err)
	}
	if version == 0 {
		return nil, nil
	}
	r := newReading(state, s.now(), s.github, sees)
	r.acts = s.orders != nil
	return r, nil
}
