package bot

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"
)

// performers are the files that perform what goes to a destination.
var performers = map[Destination][]string{
	ToGitHub:    {"../github/client.go"},
	ToPlatform:  {"../platform/performer.go"},
	ToWeb:       {"../probe/probe.go"},
	ToPipelines: {"engine/interpipeline.go", "engine/perform.go"},
}

// Every action has all of its traits, and something performs it.
func TestActionsHaveNoHoles(t *testing.T) {
	priorities := []Priority{PriorityDeploy, PriorityWatch, PriorityPublish}
	for name, typ := range actionTypes {
		action := sample(typ).Interface().(Action)
		traits := TraitsOf(action)
		if traits.Deadline <= 0 {
			t.Errorf("%s has no deadline: it would be given up at once", name)
		}
		if !slices.Contains(priorities, traits.Priority) {
			t.Errorf("%s has the priority %q: nobody says who waits for it", name, traits.Priority)
		}
		if len(traits.Answers) == 0 {
			t.Errorf("no fact answers %s", name)
		}
		for _, fact := range traits.Answers {
			if factTypes[NameOf(fact)] == nil {
				t.Errorf("%s is answered by %s, which is not stored under any name", name, NameOf(fact))
			}
		}
		for _, field := range []string{"App", "From", "Source"} { // that name an app
			app := reflect.ValueOf(action).FieldByName(field)
			if traits.To == ToPlatform && app.IsValid() && !slices.Contains(traits.Apps, app.String()) {
				t.Errorf("%s names an app in %s that its traits do not: the operator's rules would not be asked about it", name, field)
			}
		}
		for _, field := range []string{"SHA", "Head", "Ref"} { // that name a commit
			commit := reflect.ValueOf(action).FieldByName(field)
			// GitHub has made the deployment, so it knows the commit; rights are people's.
			published := name == "SetDeploymentStatus" || name == "ReadRights"
			if traits.To == ToGitHub && !published && commit.IsValid() && !slices.Contains(traits.About.Commits, commit.String()) {
				t.Errorf("%s names a commit in %s that it is not about: that GitHub does not know it yet would be believed", name, field)
			}
		}
		if comment := reflect.ValueOf(action).FieldByName("Comment"); traits.To == ToGitHub && name != "ReadRights" && comment.IsValid() && traits.About.Comment != comment.Int() {
			t.Errorf("%s names a comment that it is not about: that GitHub does not know it yet would be believed", name)
		}
		handled := regexp.MustCompile(`case [^:]*\bbot\.` + name + `\b|\.\(bot\.` + name + `\)`)
		files := performers[traits.To]
		if len(files) == 0 {
			t.Errorf("%s goes to %q, where nobody is", name, traits.To)
		} else if !slices.ContainsFunc(files, func(file string) bool { return handled.Match(source(t, file)) }) {
			t.Errorf("%s goes to %s, and none of %v performs it", name, traits.To, files)
		}
	}
}

// An action without its name in the list of wire.go could be stored, and not be read again.
func TestActionsHaveNames(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	receiver := regexp.MustCompile(`(?m)^func \((?:\w+ )?(\w+)\) traits\(\) Traits`)
	found := 0
	for _, file := range files {
		if file.IsDir() {
			continue
		}
		for _, m := range receiver.FindAllSubmatch(source(t, file.Name()), -1) {
			if found++; actionTypes[string(m[1])] == nil {
				t.Errorf("%s is an action, and is missing in the list of wire.go", m[1])
			}
		}
	}
	if found != len(actionTypes) {
		t.Errorf("%d actions have traits, and %d have names", found, len(actionTypes))
	}
}

func source(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What must not be done once more by somebody who has forgotten it: what makes or changes
// something that others see as a second one.
func TestRepeatable(t *testing.T) {
	not := []string{
		"AskAffected", "AskStage", "CancelBuild", "CreateDeployment", "MakeCopy", "OpenPipelines", "Promote", "RemoveCopy", "Reply", "RouteCommands",
		"SendSection", "SetMaintenance", "StartBuild", "TakeTurn",
	}
	for _, name := range not {
		if e := (Effect{Do: sample(actionTypes[name]).Interface().(Action)}); e.Repeatable() {
			t.Errorf("%s should not be repeatable", name)
		}
	}
	for _, do := range []Action{WriteComment{Number: 1}, WriteAlert{Number: 1}} {
		if (Effect{Do: do}).Repeatable() {
			t.Errorf("%T without an ID makes a comment: a second one is one too many", do)
		}
	}
	for _, do := range []Action{ReadChecks{}, SetStatus{}, WatchBuild{}, LookAtApp{}} {
		if !(Effect{Do: do}).Repeatable() {
			t.Errorf("%T reads, or publishes what it would publish again: it should be repeatable", do)
		}
	}
}
