package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/headstart-cd/headstart/config"
)

// bare asks what any bot has to ask before it may ask for a build or a promotion,
// and decides nothing: it is the floor of what lies between a delivery and the
// request that follows from it, on the same machine and against the same stand-ins.
//
// Behind a push that is the pipeline's file, a link to the source, and what the
// prepare app builds now; behind a check it is what was reported about the commit,
// what the first stage runs and what the prepare app has built. What is asked for
// then is refused, because nothing is to come of it.
type bare struct {
	GitHub, Heroku string            // their URLs
	Tokens         map[string]string // for GitHub, by organisation
	Key            string            // for Heroku
	client         *http.Client
	checked        sync.Map // commits that were asked about: each check's suite tells once more
}

// bareVar says whom the process of the floor asks; empty: nobody.
const bareVar = "HEADSTART_TEST_BARE"

// newBare is what the environment says of it; nil if that is nothing.
func newBare() (*bare, error) {
	given := os.Getenv(bareVar)
	if given == "" {
		return nil, nil
	}
	b := &bare{client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64}, // as many as Headstart keeps
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	return b, json.Unmarshal([]byte(given), b)
}

// follow asks what follows from a delivery.
func (b *bare) follow(event string, body []byte) {
	var d struct {
		After      string
		Repository struct {
			Name     string
			FullName string `json:"full_name"`
			Owner    struct{ Login string }
		}
		CheckRun struct {
			SHA string `json:"head_sha"`
		} `json:"check_run"`
	}
	if err := json.Unmarshal(body, &d); err != nil {
		panic(fmt.Sprintf("the floor cannot read a delivery: %v", err))
	}
	app := d.Repository.Owner.Login + "-" + d.Repository.Name
	github := func(path string) func() {
		return func() {
			b.ask(http.MethodGet, b.GitHub+"/repos/"+d.Repository.FullName+path, "Bearer "+b.Tokens[d.Repository.Owner.Login], nil)
		}
	}
	heroku := func(path string) func() {
		return func() { b.ask(http.MethodGet, b.Heroku+"/apps/"+app+path, "Bearer "+b.Key, nil) }
	}
	switch {
	case event == "push":
		together(github("/contents/" + config.Path + "?ref=" + d.After))
		together(github("/tarball/"+d.After), heroku("-prepare/builds"))
		b.ask(http.MethodPost, b.Heroku+"/apps/"+app+"-prepare/builds", "Bearer "+b.Key, struct{}{})
	case d.CheckRun.SHA != "":
		if _, twice := b.checked.LoadOrStore(d.CheckRun.SHA, true); twice {
			return
		}
		together(github("/commits/"+d.CheckRun.SHA+"/check-runs"), github("/commits/"+d.CheckRun.SHA+"/status"))
		together(heroku("-staging/releases"), heroku("-prepare/releases"))
		var asked struct {
			Source struct {
				App struct {
					ID string `json:"id"`
				} `json:"app"`
			} `json:"source"`
		}
		asked.Source.App.ID = app + "-prepare"
		b.ask(http.MethodPost, b.Heroku+"/pipeline-promotions", "Bearer "+b.Key, asked)
	}
}

func together(ask ...func()) {
	var all sync.WaitGroup
	for _, a := range ask {
		all.Go(a)
	}
	all.Wait()
}

// ask sends a request; body may be nil.
func (b *bare) ask(method, url, auth string, body any) {
	var (
		data []byte
		err  error
	)
	if body != nil {
		data, err = json.Marshal(body)
	}
	if err == nil {
		var r *http.Request
		if r, err = http.NewRequest(method, url, bytes.NewReader(data)); err == nil {
			err = b.do(r, auth)
		}
	}
	if err != nil {
		panic(fmt.Sprintf("the floor cannot ask %s %s: %v", method, url, err)) // whoever measures it has to know
	}
}

func (b *bare) do(r *http.Request, auth string) error {
	r.Header.Set("Authorization", auth)
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(r.URL.String(), b.Heroku) {
		r.Header.Set("Accept", "application/vnd.heroku+json; version=3")
	}
	answer, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 400 && r.Method == http.MethodGet {
		err = fmt.Errorf("%s: %s", answer.Status, read)
	}
	if err == nil && len(read) > 0 && r.Method == http.MethodGet && answer.StatusCode < 300 {
		var any any
		err = json.Unmarshal(read, &any)
	}
	return err
}

// startBare starts a process that is bare, between the two stand-ins.
func startBare(tb testing.TB, w *chaosWorld, database string) receiver {
	tb.Helper()
	toGitHub, toHeroku := newFront(tb, w.gh), newFront(tb, w.heroku)
	b := &bare{GitHub: toGitHub.url, Heroku: toHeroku.url, Key: w.heroku.Token(), Tokens: map[string]string{}}
	for _, t := range w.teams {
		owner, _, _ := strings.Cut(t.FullName(), "/")
		if b.Tokens[owner] != "" {
			continue
		}
		token, err := w.gh.IssueToken(owner)
		if err != nil {
			tb.Fatal(err)
		}
		b.Tokens[owner] = token
	}
	given, err := json.Marshal(b)
	if err != nil {
		tb.Fatal(err)
	}
	return receiver{startFloor(tb, database, bareVar+"="+string(given)), toHeroku}
}
