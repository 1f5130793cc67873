package webhooks

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// What is stored of a delivery of GitHub's is what is read of it: a twentieth of
// what GitHub sends, and none of what people wrote but their commands. It begins
// with a line that no JSON begins with,
//
//	headstart 1
//	{"repository":{"full_name":"acme/shop",…},…}
//
// so that nobody takes it for the whole. The number is that of the form. A new field
// needs no new form, if a delivery without it may be read as one in which GitHub left
// it out: it may wait across an upgrade. A new meaning of an old field does.

// shortForm is the newest form that this version knows.
const shortForm = 1

const shortPrefix = "headstart "

// maxFaulty is how many bytes are kept whole of a body that Decode finds fault with.
const maxFaulty = 256 << 10

// short is a delivery as it is stored.
type short struct {
	payload
	Lines []string `json:"command_lines"` // of a comment: those that are commands
	// Fault is why a body cannot be read that was too large to be kept.
	Fault string `json:"fault"`
}

var asKept = json.JoinOptions(jsonv1.DefaultOptionsV1(), json.OmitZeroStructFields(true))

func (s short) encode() ([]byte, error) {
	data, err := json.Marshal(s, asKept)
	if err != nil {
		return nil, err
	}
	return append(fmt.Appendf(nil, "%s%d\n", shortPrefix, shortForm), data...), nil
}

// isShort reports whether a stored body is in a form of ours.
func isShort(body []byte) bool { return bytes.HasPrefix(body, []byte(shortPrefix)) }

// decodeShort reads a stored body that is in a form of ours.
func decodeShort(event string, body []byte) (payload, error) {
	line, data, _ := bytes.Cut(body, []byte("\n"))
	switch form, err := strconv.Atoi(string(line[len(shortPrefix):])); {
	case err != nil || form < 1:
		return payload{}, fmt.Errorf("%s: the stored delivery is damaged: its form is %.20q", event, line[len(shortPrefix):])
	case form > shortForm:
		return payload{}, fmt.Errorf("%s: a newer version of Headstart has stored this (form %d; this version reads up to %d): run that version again, or redeliver it from GitHub",
			event, form, shortForm)
	}
	var s short
	if err := unmarshal(event, data, &s); err != nil {
		return payload{}, err
	}
	if s.Fault != "" {
		return payload{}, errors.New(s.Fault)
	}
	s.payload.kept = true
	if s.Comment != nil {
		s.Comment.lines = s.Lines
	}
	return s.payload, nil
}

// distil returns what is to be stored of a delivery of GitHub's: what Decode reads. Of
// a body that Decode finds fault with, that is everything, because another version may
// be able to read it; of a very large one only the fault. Nothing says why there are
// no facts in it, and is empty if there are. The error says that it is no JSON.
func distil(event string, body []byte) (kept []byte, nothing string, err error) {
	p, err := decodeWhole(event, body)
	if err != nil {
		return faulty(body, err)
	}
	// Each status that Headstart sets comes back as a delivery: there are more of
	// them than of anything else.
	if event == "status" && bot.OwnContext(p.Context) {
		return nil, "This is a status of Headstart's own.", nil
	}
	d, err := factsIn(event, p)
	if err != nil {
		return faulty(body, err)
	}
	if len(d.Facts) == 0 {
		return nil, "Nothing in it is of interest here.", nil
	}
	kept, err = shorten(event, p).encode()
	return kept, "", err
}

func faulty(body []byte, fault error) (kept []byte, nothing string, err error) {
	switch {
	case notJSON(body) != nil:
		return nil, "", fault
	case len(body) <= maxFaulty:
		return bytes.Clone(body), "", nil
	}
	kept, err = short{Fault: fmt.Sprintf("%v (the body of %d bytes was not kept)", fault, len(body))}.encode()
	return kept, "", err
}

// shorten leaves out what is not this event's, and what is not shown of long texts.
func shorten(event string, p payload) short {
	var s short
	if event != "push" {
		p.HeadCommit, p.Commits = nil, ""
	} else if c := p.HeadCommit; c != nil {
		shown := *c
		shown.Message, shown.Author.Name, shown.Committer.Name = redact.Title(c.Message), redact.Title(c.Author.Name), redact.Title(c.Committer.Name)
		p.HeadCommit = &shown
	}
	if event != "pull_request" {
		p.PullRequest = nil
	} else if pr := p.PullRequest; pr != nil {
		shown := *pr
		shown.Title = redact.Title(pr.Title)
		p.PullRequest = &shown
	}
	if event != "check_run" {
		p.CheckRun = nil
	}
	if event != "check_suite" {
		p.CheckSuite = nil
	}
	if event != "issue_comment" {
		p.Issue, p.Comment = nil, nil
	} else if c := p.Comment; c != nil {
		s.Lines = c.lines
		shown := *c
		shown.Body = ""
		p.Comment = &shown
	}
	s.payload = p
	return s
}
