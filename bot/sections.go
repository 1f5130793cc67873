package bot

import (
	"slices"
	"time"
)

// In a repository with several pipelines a pull request has one comment, in which
// each pipeline has a section. The pipeline without a name keeps the comment: the
// others hand it what their sections say.

// Section is what one of several pipelines says in the comment of a pull request.
type Section struct {
	Pipeline string
	Number   int // of the pull request
	Body     string
	// NeverGreen is as a comment's.
	NeverGreen bool
	At         time.Time // when it was decided to say so, by the pipeline's time
}

// SendSection hands a section to the pipeline without a name. Answer: Acknowledged.
type SendSection struct{ Section }

func (SendSection) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityPublish}
}

func (Section) fact() {}

// publishSection hands on what this pipeline says of a pull request.
func (d *decision) publishSection(p PullRequest, body string, neverGreen bool) {
	if body == "" || body == p.Comment.Body {
		return
	}
	d.want(sectionKey(p.Number), SendSection{Section{Pipeline: d.s.Pipeline.Name, Number: p.Number, Body: body, NeverGreen: neverGreen, At: d.now}})
}

// sectionSent takes note of what the section of a pull request says now.
func (s *State) sectionSent(do SendSection, f Finished, at time.Time) {
	p, ok := s.Pulls[do.Number]
	if !ok || f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	p.Comment.Body, p.Comment.NeverGreen, p.Comment.WrittenAt = do.Body, do.NeverGreen, at
	s.Pulls[do.Number] = p
}

// sectionReceived takes in what another pipeline says of a pull request. What it said
// before and what comes late is nothing new.
func (s *State) sectionReceived(f Section, at time.Time) {
	p, known := s.Pulls[f.Number]
	if !known {
		p = PullRequest{SeenAt: at, PullRequestChanged: PullRequestChanged{Number: f.Number}}
	}
	i := slices.IndexFunc(p.Sections, func(o Section) bool { return o.Pipeline == f.Pipeline })
	switch p.Sections = slices.Clone(p.Sections); {
	case i < 0:
		p.Sections = append(p.Sections, f)
	case f.At.Before(p.Sections[i].At):
		return
	default:
		p.Sections[i] = f
	}
	put(&s.Pulls, f.Number, p)
}

// sections are what the other pipelines say of a pull request, in the order of the
// file, and then those that it does not name any more.
func (d *view) sections(p PullRequest) string {
	if len(p.Sections) == 0 {
		return ""
	}
	by := map[string]string{}
	for _, x := range p.Sections {
		by[x.Pipeline] = x.Body
	}
	text := ""
	for _, name := range d.s.Names {
		text += after("\n", by[name])
		delete(by, name)
	}
	for _, name := range sortedKeys(by) {
		text += "\n" + by[name]
	}
	return text
}
