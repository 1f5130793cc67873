package simulation

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// sentence is one of the ten under "What is promised" in docs/reliability.md,
// where it has the same number. What looks whether it holds is in a file of its
// name.
type sentence int

const (
	gatesOpen sentence = iota + 1
	oneInFlight
	onlyForward
	sameArtifact
	nothingTwice
	endsInTruth
	everythingArrives
	noSecretOut     // in this file
	allowedAppsOnly // in this file
	historyTells
)

func (x sentence) String() string {
	switch x {
	case gatesOpen:
		return "Nothing enters a stage unless its gates were open at that moment."
	case oneInFlight:
		return "A stage has at most one promotion in flight."
	case onlyForward:
		return "A stage never moves to an older commit, unless a person rolled it back."
	case sameArtifact:
		return "What reaches a stage is the very artifact that the stage before proved."
	case nothingTwice:
		return "Nothing is done twice because its outcome was unknown."
	case endsInTruth:
		return "What people were told ends in the truth: no status, deployment or comment stays pending after its commit is done."
	case everythingArrives:
		return "A delivery that was acknowledged is processed, or kept as failed with its reason. Once faults stop, every pipeline arrives."
	case noSecretOut:
		return "No secret is in a log, a status, a comment or a page."
	case allowedAppsOnly:
		return "A repository touches only the apps that the operator allowed it."
	case historyTells:
		return "History tells of each commit, promotion and command once, what happened; what has ended there stays as it is told."
	}
	return fmt.Sprintf("sentence %d", int(x))
}

// breaks ends the history, in which a sentence does not hold: why says what was seen.
func (s *sim) breaks(x sentence, why string, args ...any) {
	v := violation(fmt.Sprintf("%q does not hold at %s: %s", x.String(), s.Now.Format("02 15:04:05.0"), fmt.Sprintf(why, args...)))
	s.ended = v // also where the engine takes the panic for somebody's own
	panic(v)
}

// leaks is [noSecretOut]. Pages are rendered from what is in the database.
func (s *sim) leaks(text, where string) {
	if strings.Contains(text, token) {
		s.breaks(noSecretOut, "the token of a source's address is in %s: %s", where, text)
	}
}

// mayTouch is [allowedAppsOnly].
func (s *sim) mayTouch(in *instance, app string) {
	if !slices.Contains(in.allowed, app) {
		s.breaks(allowedAppsOnly, "%s asks the platform about %s, which the repository may not use", in.name, app)
	}
}

// Each sentence stands, with its number, where the promises are read.
func TestSentencesArePromised(t *testing.T) {
	data, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(data)), " ")
	for x := gatesOpen; x <= historyTells; x++ {
		want := fmt.Sprintf("%d. %s", x, strings.TrimSuffix(x.String(), "."))
		if !strings.Contains(page, want) {
			t.Errorf("docs/reliability.md should promise %q", want)
		}
	}
}
