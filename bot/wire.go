package bot

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Facts and actions are interfaces. In JSON each stands with the name of its type:
// {"is":"Pushed","fact":{…}}. The names are stored: a renamed type keeps its old name
// here.

var factTypes = namesOf(
	Installed{}, Pushed{}, PullRequestChanged{}, CheckReported{}, ChecksMoved{}, PlatformMoved{}, Swept{},
	Started{}, Finished{}, ConfigRead{}, ChecksRead{}, HeadRead{}, PullRequestRead{}, PullRequestFound{},
	Acknowledged{}, DeploymentCreated{}, CommentWritten{}, BuildSeen{}, AppSeen{}, ReleaseSeen{},
	Commented{}, ActorRead{}, Replied{}, ChangesRead{},
	Probed{}, FilesRead{}, MaintenanceSet{}, Inspected{}, CopySeen{},
	OperatorFreeze{}, AttemptBegun{},
	PipelinesAffected{}, CommandsRouted{}, StageRuns{}, StageMoved{}, Section{},
	MergeGroupChanged{}, RulesRead{}, PullRequestsListed{}, SourceRead{}, Called{}, QueuesSeen{}, RightsRead{},
	PeopleRead{}, HeadPushed{}, Held{}, Asked{},
)

var actionTypes = namesOf(
	ReadConfig{}, ReadChecks{}, ReadHead{}, ReadPullRequest{}, FindPullRequest{}, SetStatus{}, CreateDeployment{},
	SetDeploymentStatus{}, WriteComment{}, StartBuild{}, WatchBuild{}, CancelBuild{}, Promote{}, WatchRelease{}, LookAtApp{},
	ReadActor{}, React{}, Reply{}, ReadChanges{},
	Probe{}, ReadFiles{}, SetMaintenance{}, Inspect{}, MakeCopy{}, WatchCopy{}, RemoveCopy{},
	WriteAlert{},
	OpenPipelines{}, AskAffected{}, RouteCommands{}, AskStage{}, SendSection{},
	ReadRules{}, ListPullRequests{}, ReadSource{}, TakeTurn{}, ReadRights{},
	ReadPeople{},
)

func namesOf(values ...any) map[string]reflect.Type {
	m := make(map[string]reflect.Type, len(values))
	for _, v := range values {
		t := reflect.TypeOf(v)
		m[t.Name()] = t
	}
	return m
}

// NameOf is the name of a fact's or an action's type, for logs and metrics;
// empty for nil.
func NameOf(v any) string {
	if v == nil {
		return ""
	}
	return reflect.TypeOf(v).Name()
}

// named is a fact or an action as it is read, with the name of its type; naming is the
// same as it is written.
type (
	named struct {
		Is    string
		Value json.RawMessage
	}
	naming struct {
		Is    string
		Value any
	}
)

func decode[T any](n named, types map[string]reflect.Type) (T, error) {
	var none T
	if n.Is == "" {
		return none, nil
	}
	t, ok := types[n.Is]
	if !ok {
		return none, fmt.Errorf("%q is unknown to this version of Headstart", n.Is)
	}
	p := reflect.New(t)
	if err := json.Unmarshal(n.Value, p.Interface()); err != nil {
		return none, fmt.Errorf("read %s: %w", n.Is, err)
	}
	return p.Elem().Interface().(T), nil
}

// The aliases have the fields but not the methods, so that encoding one does not recurse.
// The named field is less deep than their own interface field, and shadows it.
type (
	plainEvent       Event
	plainEffect      Effect
	plainFinished    Finished
	wireEvent[N any] struct {
		plainEvent
		Fact N
	}
	wireEffect[N any] struct {
		plainEffect
		Do N
	}
	wireFinished[N any] struct {
		plainFinished
		Fact N
	}
)

// Wire returns the event in the form of its JSON, with the name of its fact's type, for
// any encoder.
func (e Event) Wire() any {
	return wireEvent[naming]{plainEvent(e), naming{NameOf(e.Fact), e.Fact}}
}

// MarshalJSON encodes the event with the name of its fact's type.
func (e Event) MarshalJSON() ([]byte, error) { return json.Marshal(e.Wire()) }

// UnmarshalJSON refuses facts that this version does not know.
func (e *Event) UnmarshalJSON(b []byte) (err error) {
	var w wireEvent[named]
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*e = Event(w.plainEvent)
	e.Fact, err = decode[Fact](w.Fact, factTypes)
	return err
}

// Wire returns the effect in the form of its JSON, with the name of its action's type, for
// any encoder.
func (e Effect) Wire() any {
	return wireEffect[naming]{plainEffect(e), naming{NameOf(e.Do), e.Do}}
}

// MarshalJSON encodes the effect with the name of its action's type.
func (e Effect) MarshalJSON() ([]byte, error) { return json.Marshal(e.Wire()) }

// UnmarshalJSON refuses actions that this version does not know.
func (e *Effect) UnmarshalJSON(b []byte) (err error) {
	var w wireEffect[named]
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*e = Effect(w.plainEffect)
	e.Do, err = decode[Action](w.Do, actionTypes)
	return err
}

// Wire returns the outcome in the form of its JSON, with the name of its fact's type, for
// any encoder.
func (f Finished) Wire() any {
	return wireFinished[naming]{plainFinished(f), naming{NameOf(f.Fact), f.Fact}}
}

// MarshalJSON encodes the outcome with the name of its fact's type.
func (f Finished) MarshalJSON() ([]byte, error) { return json.Marshal(f.Wire()) }

// UnmarshalJSON refuses facts that this version does not know.
func (f *Finished) UnmarshalJSON(b []byte) (err error) {
	var w wireFinished[named]
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*f = Finished(w.plainFinished)
	f.Fact, err = decode[Fact](w.Fact, factTypes)
	return err
}
