package heroku

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/transcript"
)

// verdict is what the output of a failed build tells: whether the code does not
// build or Heroku could not build it, and why.
type verdict struct {
	status bot.BuildStatus
	reason string
}

// How much of an output is read, and how long that may take.
const (
	outputMost    = 1 << 20
	outputTimeout = 5 * time.Second
)

// judge reads the output of a failed build, if it has not been read yet. It is
// a help for people and for choosing the fallback; without it the build simply
// failed.
func (h *Heroku) judge(ctx context.Context, app string, b heroku.Build) {
	if _, done := recall(&h.memory, h.memory.verdicts, b.ID); done || b.OutputStreamURL == "" {
		return
	}
	if cancelled, _ := recall(&h.memory, h.memory.cancelled, b.ID); cancelled {
		return
	}
	if text, ok := h.last(ctx, app, b.ID, b.OutputStreamURL); ok {
		v := judgeOutput(text)
		v.reason = h.clean(v.reason)
		remember(&h.memory, h.memory.verdicts, b.ID, v)
	}
}

// last returns the end of the output of what has ended, without secrets. It is
// there already if it was followed to its end; else it is read.
func (h *Heroku) last(ctx context.Context, app, id, link string) (string, bool) {
	if l := h.Output(app, id); l != nil {
		if text, _, complete := l.Last(); complete {
			return text, true
		}
	}
	text, cut, ok := h.tail(ctx, link)
	if !ok {
		return "", false
	}
	l := transcript.Of(text, cut, h.token)
	h.transcripts.Put(transcript.Key{App: app, ID: id}, l)
	text, _, _ = l.Last()
	return text, true
}

// tail reads the end of an output; cut: only the end was read. The link is
// signed: it needs no API key, and never gets one.
func (h *Heroku) tail(ctx context.Context, link string) (text string, cut, ok bool) {
	if !h.mayFetch(link) {
		return "", false, false
	}
	ctx, cancel := context.WithTimeout(ctx, outputTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return "", false, false
	}
	req.Header.Set("Accept", "text/plain")
	req.Header.Set("Range", fmt.Sprintf("bytes=-%d", transcript.Tail))
	resp, err := h.outputs.Do(req)
	if err != nil {
		return "", false, false
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return "", false, false
	}
	read, err := io.ReadAll(io.LimitReader(resp.Body, outputMost))
	if err != nil {
		return "", false, false
	}
	from := resp.Header.Get("Content-Range")
	return string(read), resp.StatusCode == http.StatusPartialContent && !strings.HasPrefix(from, "bytes 0-"), true
}

// notTheCode matches outputs of builds that Heroku could not do, whatever the
// code is like. Heroku documents none of these texts: what matches nothing
// counts as the code's fault.
var notTheCode = regexp.MustCompile(`(?i)(unable|could ?n['o]t|failed) (not )?(to )?(fetch|download)( the)? source|source (url|archive|blob)[^\n]*(not found|expired|40[34])|timed out (fetching|downloading) the source|internal (server )?error|heroku is (currently )?(in maintenance|unavailable)`)

// stopped matches the output of a build that somebody cancelled.
var stopped = regexp.MustCompile(`(?i)build (was )?cancell?ed`)

// judgeOutput reads the lines that Heroku and its buildpacks mark with an
// exclamation mark, which say what went wrong.
func judgeOutput(output string) verdict {
	var marked []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "remote:"))
		if text, ok := strings.CutPrefix(line, "!"); ok {
			if text = strings.TrimSpace(text); text != "" {
				marked = append(marked, text)
			}
		}
	}
	all := strings.Join(marked, "\n")
	v := verdict{status: bot.BuildFailed, reason: "The build failed; its output says why"}
	if len(marked) > 0 {
		v.reason = marked[0]
		if last := marked[len(marked)-1]; strings.HasPrefix(last, "Push rejected") {
			v.reason = last
		}
	}
	switch {
	case stopped.MatchString(all):
		v.status = bot.BuildCancelled
	case notTheCode.MatchString(all):
		v.status = bot.BuildErrored
	}
	return v
}
