// Package api is the API as programs see it: what its answers are made of, and a client. Package web answers.
package api

import "time"

// Commit is one as people know it.
type Commit struct {
	SHA    string `json:"sha" doc:"Its whole name, or as much as is known."`
	Title  string `json:"title,omitempty" doc:"The first line of its message, perhaps cut."`
	Author string `json:"author,omitempty" doc:"A login."`
	Pull   int    `json:"pull,omitempty" doc:"The pull request that brought it."`
	URL    string `json:"url,omitempty" doc:"On GitHub."`
}

// Summary is where a pipeline or a commit stands.
type Summary struct {
	Level    string     `json:"level" enum:"needs somebody,moving,waits,quiet,idle" doc:"How much attention it asks for."`
	Sentence string     `json:"sentence" doc:"What is the matter, as the pages say it."`
	Next     string     `json:"next,omitempty" doc:"What somebody can do."`
	Who      string     `json:"who,omitempty" doc:"Who or what it is up to, if nobody can do anything."`
	Since    *time.Time `json:"since,omitempty"`
	Expected *time.Time `json:"expected,omitempty" doc:"When it is live in the last stage, going by earlier deploys."`
}

// PipelineInList is a pipeline in a list.
type PipelineInList struct {
	Name    string  `json:"name" doc:"OWNER/NAME, or OWNER/NAME:PIPELINE." example:"acme/shop"`
	Page    string  `json:"page" doc:"Where people see it."`
	Summary Summary `json:"summary"`
}

// PipelineList is a page of pipelines.
type PipelineList struct {
	Pipelines []PipelineInList `json:"pipelines" nullable:"false"`
	Next      string           `json:"next,omitempty" doc:"Send it as after to go on; absent: this was the last page."`
}

// Gate is one that is shut.
type Gate struct {
	Name   string     `json:"name"`
	Text   string     `json:"text" doc:"Why it is shut."`
	Next   string     `json:"next,omitempty" doc:"What somebody can do."`
	Who    string     `json:"who,omitempty" doc:"Who or what it is up to."`
	Closed bool       `json:"closed" doc:"It does not open by waiting."`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty" doc:"When it opens."`
}

// Way is a commit's way into a stage, as /why explains it.
type Way struct {
	Stage string   `json:"stage"`
	State string   `json:"state" enum:"waits,releasing,live,failed,rolled back,skipped" doc:"waits: it has not entered."`
	Text  string   `json:"text,omitempty" doc:"Why it ended so."`
	Shut  []Gate   `json:"shut" nullable:"false" doc:"Gates that are shut, the one that it waits for first."`
	Open  []string `json:"open" nullable:"false" doc:"Names of gates that are open."`
}

// OnItsWay is a commit that is on its way.
type OnItsWay struct {
	Commit  Commit    `json:"commit"`
	Pushed  time.Time `json:"pushed"`
	Summary Summary   `json:"summary"`
	Stages  []Way     `json:"stages" nullable:"false" doc:"In the order of promotion."`
}

// StageState is what runs on a stage.
type StageState struct {
	Name      string     `json:"name"`
	Live      *Commit    `json:"live,omitempty" doc:"What it runs; absent: nothing yet."`
	Since     *time.Time `json:"since,omitempty" doc:"When that became live."`
	Lock      string     `json:"lock,omitempty" doc:"Why no promotion may enter; absent: it is not locked."`
	Locked    *time.Time `json:"locked,omitempty" doc:"When it was locked."`
	Releasing string     `json:"releasing,omitempty" doc:"What is being released."`
	Notes     []string   `json:"notes" nullable:"false" doc:"What else people should know."`
	Apps      []string   `json:"apps" nullable:"false"`
}

// Pipeline is where a pipeline stands.
type Pipeline struct {
	Name       string       `json:"name"`
	Page       string       `json:"page" doc:"Where people see it."`
	Repository string       `json:"repository" doc:"On GitHub."`
	Branch     string       `json:"branch" doc:"That is deployed."`
	Configured bool         `json:"configured" doc:"Its file is in force. If not, there are no stages."`
	Config     string       `json:"config,omitempty" doc:"Why the newest file is not in force."`
	Freeze     string       `json:"freeze,omitempty" doc:"Why nothing is promoted; absent: it is not frozen."`
	Summary    Summary      `json:"summary"`
	Stages     []StageState `json:"stages" nullable:"false" doc:"In the order of promotion."`
	OnItsWay   []OnItsWay   `json:"onItsWay" nullable:"false" doc:"The newest first."`
}

// Promotion is one of a stage.
type Promotion struct {
	Stage   string     `json:"stage"`
	Commit  *Commit    `json:"commit,omitempty" doc:"Absent: it is unknown which."`
	Kind    string     `json:"kind,omitempty" doc:"Such as rolled back by sam; absent: it went forward by itself."`
	Why     string     `json:"why,omitempty" doc:"The reason that somebody gave."`
	Result  string     `json:"result" doc:"Such as proved, failed or under way."`
	Reason  string     `json:"reason,omitempty" doc:"Why it did not succeed."`
	Began   *time.Time `json:"began,omitempty"`
	Took    string     `json:"took,omitempty" doc:"Absent: it has not ended."`
	Commits int        `json:"commits" doc:"Pushes that became live with it."`
}

// Stage is what runs on a stage, and what ran before.
type Stage struct {
	StageState
	Frozen  string      `json:"freeze,omitempty" doc:"Why nothing is promoted; absent: it is not frozen."`
	Rules   []string    `json:"rules" nullable:"false" doc:"Who may do what, and when."`
	Back    []Back      `json:"back" nullable:"false" doc:"What a rollback can go back to, the newest first."`
	History []Promotion `json:"history" nullable:"false" doc:"Promotions, the newest first."`
	Next    string      `json:"next,omitempty" doc:"Send it as before to go on; absent: this was the last page."`
}

// Back is something that a stage ran before.
type Back struct {
	Commit Commit     `json:"commit"`
	Proved *time.Time `json:"proved,omitempty"`
	Gone   string     `json:"gone,omitempty" doc:"Why it cannot be brought back."`
	Bad    bool       `json:"bad" doc:"It was rolled back."`
}

// Candidate is a commit on its way, or at its end.
type Candidate struct {
	Commit     Commit      `json:"commit"`
	Pushed     *time.Time  `json:"pushed,omitempty"`
	Took       string      `json:"took,omitempty" doc:"From the push to the end; absent: it has not ended."`
	Outcome    string      `json:"outcome,omitempty" doc:"How it ended; absent: it is on its way, or that is not kept."`
	Classes    []string    `json:"classes" nullable:"false" doc:"Of what it changes."`
	Summary    Summary     `json:"summary"`
	Stages     []Way       `json:"stages" nullable:"false" doc:"Empty: too old to be known."`
	Along      []Commit    `json:"along" nullable:"false" doc:"Older commits that go live with it."`
	Promotions []Promotion `json:"promotions" nullable:"false"`
}

// AuditRow is a command that a pipeline was given.
type AuditRow struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	Role    string    `json:"role,omitempty" doc:"What GitHub said that they may."`
	Via     string    `json:"via" doc:"comment, page or api."`
	Pull    int       `json:"pull,omitempty" doc:"The pull request of the comment."`
	Command string    `json:"command"`
	OK      bool      `json:"ok" doc:"It was carried out."`
	Answer  string    `json:"answer,omitempty"`
}

// Audit is a page of commands, the newest first.
type Audit struct {
	Rows []AuditRow `json:"rows" nullable:"false"`
	Next string     `json:"next,omitempty" doc:"Send it as before to go on; absent: this was the last page."`
}

// Plan is what a command would do.
type Plan struct {
	Command string   `json:"command"`
	OK      bool     `json:"ok" doc:"It would be carried out, if GitHub says that you may."`
	Says    string   `json:"says" doc:"What would be answered."`
	Takes   string   `json:"takes,omitempty" doc:"Who may command it."`
	Commit  *Commit  `json:"commit,omitempty" doc:"That it is about."`
	Along   []Commit `json:"along" nullable:"false" doc:"Older commits that go live with it."`
	Back    *Back    `json:"back,omitempty" doc:"What it would bring back."`
	Seen    string   `json:"seen" doc:"What the command depends on. Send it with the command, and it is refused if that has moved."`
}

// Order is a command that is sent.
type Order struct {
	Command string `json:"command" minLength:"1" maxLength:"1000" doc:"One line, as in a comment." example:"/promote production 3f2a91c"`
	ID      int64  `json:"id,omitempty" maximum:"-1" minimum:"-9007199254740991" doc:"A number below zero, at random, that you give the command: sent again, it is not done again. Absent: one is made."`
	Seen    string `json:"seen,omitempty" maxLength:"4000" doc:"As a plan had it: the command is refused if what it depends on has moved since."`
}

// Taken says where the answer to a command is.
type Taken struct {
	ID     int64  `json:"id"`
	Answer string `json:"answer" format:"uri-reference" doc:"Where the answer is."`
}

// States of a command.
const (
	Asking  = "asking"
	Open    = "open"
	Done    = "done"
	Refused = "refused"
)

// Command is one that was given, and its answer.
type Command struct {
	ID      int64      `json:"id"`
	Who     string     `json:"who"`
	Command string     `json:"command"`
	At      *time.Time `json:"at,omitempty"`
	State   string     `json:"state" enum:"asking,open,done,refused" doc:"asking: GitHub is being asked whether you may. open: it is under way."`
	Answer  string     `json:"answer"`
}

// Problem is what an error is (RFC 9457).
type Problem struct {
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Detail string          `json:"detail"`
	Errors []ProblemDetail `json:"errors,omitempty"`
}

// ProblemDetail is one of several things that are wrong with a request.
type ProblemDetail struct {
	Message  string `json:"message"`
	Location string `json:"location,omitempty"`
}
