package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// output answers with an output as plain text.
func (s *site) output(v *visit) (answer, error) {
	o, err := s.outputAt(v)
	if err != nil || o == nil {
		return notFound, err
	}
	text := o.full
	if o.Live != "" {
		w, _ := s.written(*o, 0)
		text = w.Text
	}
	return answer{plain: &text}, nil
}

// followOutput passes on an output while it is written.
func (s *site) followOutput(v *visit) (answer, error) {
	o, err := s.outputAt(v)
	if err != nil || o == nil {
		return notFound, err
	}
	return answer{output: o}, nil
}

// streamOutput sends what an output gets to one visitor, from the offset that the visitor has: in the header of a browser
// that comes back, or in the address.
func (s *site) streamOutput(w http.ResponseWriter, r *http.Request, o outputRow) {
	if !s.hub.enter() {
		http.Error(w, "Too many pages are open.", http.StatusServiceUnavailable)
		return
	}
	defer s.hub.exit()
	ctx, cancel := context.WithTimeout(r.Context(), streamFor)
	defer cancel()
	send := s.events(w)
	from, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		from, _ = strconv.ParseInt(r.URL.Query().Get("from"), 10, 64) // 0: from the beginning
	}
	if !send("retry: 1000\n\n") {
		return
	}
	for {
		part, read := s.written(o, from)
		if part.Text != "" {
			text, err := outputEvent(part, part.At > from)
			if err != nil {
				s.log.Error("a part of an output could not be made", zap.Error(err))
				return
			}
			if !send(text) {
				return
			}
			from = part.Next
		}
		if part.Ended {
			send("event: end\ndata: 1\n\n")
			return
		}
		wait := beat
		if !read { // not yet, or not any more: the server has been started anew
			wait = lookEvery
		}
		select {
		case <-ctx.Done():
			return
		case <-s.ending:
			return
		case <-part.More:
			rest(ctx, mostOften)
		case <-time.After(wait):
			if !send(": here\n\n") {
				return
			}
		}
	}
}

// outputEvent is lines as a server-sent event, whose ID is where they end. gap: lines before them are missing.
func outputEvent(part Written, gap bool) (string, error) {
	var lines bytes.Buffer
	if gap {
		lines.WriteString("…\n")
	}
	if err := templates["candidate"].ExecuteTemplate(&lines, "lines", linesOf(part.Text)); err != nil {
		return "", err
	}
	data, err := json.Marshal(lines.String())
	return fmt.Sprintf("id: %d\nevent: lines\ndata: %s\n\n", part.Next, data), err
}
