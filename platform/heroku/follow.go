package heroku

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/platform/transcript"
)

// How outputs are followed.
const (
	mostFollowed = 32
	followFor    = time.Hour // as long as a release phase may take
	headerWithin = 30 * time.Second
	// wellOpen is how long an output has to stay open to count as no failure when
	// it is cut off.
	wellOpen = time.Minute
)

var (
	// reopenAfter are the pauses before an output that could not be opened, or
	// was cut off, is opened again. Together they are longer than the time
	// between two looks of the bot, each of which brings a fresh link.
	reopenAfter = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
	// remindAfter are the pauses before an end is told again, as long as no look
	// finds it: an output may end a moment before the API says how.
	remindAfter = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}
)

// follower hears of the end of builds and release phases without asking for it.
// The output of each can be read by a signed link, on another host and at no cost
// of the account's requests, and stays open until what it belongs to has ended.
// That it ends is a hint to look; what it says is kept for those who read along.
// Whatever goes wrong with it costs only time, because the bot looks now and then
// anyway.
type follower struct {
	notify   func(app string) // nil: nobody wants to hear, and nothing is followed
	client   *http.Client
	mayFetch func(link string) bool
	clock    func() time.Time
	alarm    func(time.Time) (<-chan time.Time, func())
	log      *zap.Logger
	keep     *transcript.Shelf
	token    string // is shown to nobody

	ctx  context.Context // ends when the platform closes
	stop context.CancelFunc
	wg   sync.WaitGroup // everything that follows an output

	mu      sync.Mutex         // guards all below, and that nothing starts once ctx has ended
	outputs map[string]*output // by the id of the build or the release, also those that are followed no more
	open    int                // how many are followed
}

// output is the output of one build or release. Its follower's mu guards link and
// done.
type output struct {
	app, id string
	log     *transcript.Log
	leave   context.CancelFunc // ends the following
	link    string             // the newest that was seen: links expire
	done    bool               // it is followed no more
}

func newFollower(h *Heroku, o Options) *follower {
	f := &follower{
		notify: o.OnChange, client: h.outputs, mayFetch: h.mayFetch, clock: h.clock, alarm: o.Alarm, log: h.log, keep: &h.transcripts, token: h.token,
		outputs: map[string]*output{},
	}
	if f.alarm == nil {
		f.alarm = func(at time.Time) (<-chan time.Time, func()) {
			timer := time.NewTimer(at.Sub(f.clock()))
			return timer.C, func() { timer.Stop() }
		}
	}
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

// see takes what a look says of a build or a release. One that is pending and has
// an output is followed, once; one that has ended is followed no longer. It
// returns at once.
func (f *follower) see(app, id, link string, pending bool) {
	if f.notify == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o, known := f.outputs[id]
	switch {
	case known && !pending:
		o.leave()
	case !pending || link == "" || !f.mayFetch(link):
	case known:
		o.link = link
	case f.open < mostFollowed && f.ctx.Err() == nil:
		f.begin(&output{app: app, id: id, link: link, log: transcript.New(f.token)})
	}
}

// begin follows an output. The caller holds f.mu.
func (f *follower) begin(o *output) {
	if len(f.outputs) >= remembered {
		f.forget()
	}
	ctx, cancel := context.WithTimeout(f.ctx, followFor)
	o.leave = cancel
	f.outputs[o.id] = o
	f.open++
	f.keep.Put(transcript.Key{App: o.app, ID: o.id}, o.log)
	f.wg.Go(func() {
		f.follow(ctx, o)
		o.log.Close(false) // if it was not read to its end
		cancel()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.open--
		o.done = true
	})
}

// forget forgets the outputs that are followed no more. The caller holds f.mu.
func (f *follower) forget() {
	for id, o := range f.outputs {
		if o.done {
			delete(f.outputs, id)
		}
	}
}

// follow reads an output to its end and tells of it. It gives up when the output
// cannot be had, and when ctx ends: a look has found the end, the hour is over, or
// the platform closes.
func (f *follower) follow(ctx context.Context, o *output) {
	for failures := 0; ; failures++ {
		began := f.clock()
		err := f.read(ctx, f.linkOf(o), o.log.Again())
		if err == nil {
			o.log.Close(true)
			f.announce(ctx, o)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if f.clock().Sub(began) >= wellOpen {
			failures = 0
		}
		f.log.Debug("an output of heroku could not be followed to its end", zap.String("app", o.app), zap.String("id", o.id),
			zap.Error(err), zap.Bool("again", failures < len(reopenAfter)))
		if failures == len(reopenAfter) || !f.pause(ctx, reopenAfter[failures]) {
			return
		}
	}
}

// announce tells that an output has ended, and tells it again until a look finds
// it.
func (f *follower) announce(ctx context.Context, o *output) {
	if ctx.Err() != nil {
		return
	}
	f.log.Debug("an output of heroku has ended", zap.String("app", o.app), zap.String("id", o.id))
	f.notify(o.app)
	for _, d := range remindAfter {
		if !f.pause(ctx, d) {
			return
		}
		f.notify(o.app)
	}
}

// pause lets time pass. It returns false if ctx ends first.
func (f *follower) pause(ctx context.Context, d time.Duration) bool {
	rings, stop := f.alarm(f.clock().Add(d))
	defer stop()
	select {
	case <-rings:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

func (f *follower) linkOf(o *output) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return o.link
}

// read writes an output into w, to its end. A signed link is a secret wherever it is in it,
// and net/http's errors quote it: an error tells only what kind of thing went
// wrong.
func (f *follower) read(ctx context.Context, link string, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return errors.New("its link is none")
	}
	req.Header.Set("Accept", "text/plain")
	resp, err := f.client.Do(req)
	if err != nil {
		return unquoted(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it was answered with %d", resp.StatusCode)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return errors.New("it was cut off")
	}
	return nil
}

// unquoted says what kind of error a request met.
func unquoted(err error) error {
	var timeout net.Error
	var network *net.OpError
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("there was no answer in time")
	case errors.As(err, &network):
		return network // names addresses and what the system says
	case errors.Is(err, errElsewhere):
		return errElsewhere
	}
	return errors.New("there was no answer")
}

// close ends everything that follows an output, and waits for it.
func (f *follower) close() {
	f.mu.Lock()
	f.stop()
	f.mu.Unlock()
	f.wg.Wait()
}

// errElsewhere is what became of a link that leads where none may.
var errElsewhere = errors.New("it leads where no output is fetched")

// newOutputs makes the client that fetches outputs. Their links are signed: they
// need no API key, and it never has one. An output may say nothing for a long time
// once it is open.
func newOutputs(mayFetch func(link string) bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: headerWithin,
			DisableKeepAlives:     true,
			DisableCompression:    true, // what is sent as it comes is not held back to be compressed
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > 3 || !mayFetch(req.URL.String()) {
				return errElsewhere
			}
			req.Header.Del("Referer") // it would pass on the link
			return nil
		},
	}
}

// mayFetch reports whether a link may be that of an output: it is encrypted, or
// leads to the API that was configured.
func (h *Heroku) mayFetch(link string) bool {
	return strings.HasPrefix(link, "https://") || strings.HasPrefix(link, h.url+"/")
}

// Close ends the following of outputs, and waits until OnChange will be called no
// more. What is asked of Heroku afterwards is answered as before.
func (h *Heroku) Close() {
	h.follower.close()
	h.transport.CloseIdleConnections()
}
