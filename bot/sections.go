package bot

import "time"

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
