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

// Only the fields that are read of GitHub's deliveries are stored: a twentieth of the body, and of people's texts only
// the commands. The stored form begins with a line that no JSON begins with, so that it is never taken for the whole
// body:
//
//	headstart 1
//	{"repository":{"full_name":"acme/shop",…},…}
//
// The number is that of the form. A delivery may be pending during an upgrade. So a new field needs no new form if its
// absence means that GitHub left it out. A new meaning of an old field needs one.

// shortForm is the newest form that this version knows.
const shortForm = 1

const shortPrefix = "headstart "

// maxFaulty is up to how many bytes a body is kept whole that Decode rejects.
const maxFaulty = 256 << 10

// short is a stored delivery.
type short struct {
	payload
	Lines []string `json:"command_lines"` // the commands of a comment
	// Fault is why Decode rejects a body that was too large to be kept.
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

// isShort reports whether a stored body has one of our forms.
func isShort(body []byte) bool { return bytes.HasPrefix(body, []byte(shortPrefix)) }

// decodeShort decodes a stored body in one of our forms.
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

// distil returns the part of a GitHub delivery to be stored: the fields that Decode reads. A body that Decode rejects
// is kept whole, because another version may be able to read it; of a very large one only the fault is kept. nothing
// states why there are no facts; empty: there are. The error means that the body is not JSON.
func distil(event string, body []byte) (kept []byte, nothing string, err error) {
	p, err := decodeWhole(event, body)
	if err != nil {
		return faulty(body, err)
	}
	// Each status that Headstart sets comes back as a delivery: these are the most frequent ones.
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

// shorten drops the fields of other events, and the parts of long texts that are not shown.
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
