package bot

import "time"

// In a repository with several pipelines a pull request has one comment, with a section
// for each pipeline. The pipeline without a name keeps the comment; the others send it
// their sections.

// Section is one pipeline's part of the comment on a pull request.
type Section struct {
	Pipeline string
	Number   int // of the pull request
	Body     string
	// NeverGreen is as a comment's.
	NeverGreen bool
	At         time.Time // when it was decided on, by the pipeline's time
}

// SendSection sends a section to the pipeline without a name. Answer: Acknowledged.
type SendSection struct{ Section }

func (SendSection) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityPublish}
}

func (Section) fact() {}
