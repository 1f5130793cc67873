package local

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

// Whatever is found in an app's state file, it is either refused as damaged or
// by its format, or makes sense: nothing that is not there is live, no number is
// given away twice, and no name leads out of the app's folder. What is accepted
// stays what it is when it is saved.
func FuzzState(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseState(data)
		if err != nil {
			if !errors.As(err, new(damage)) && !strings.Contains(err.Error(), "format") {
				t.Errorf("a state is refused with %v", err)
			}
			return
		}
		last := 0
		for _, r := range s.Releases {
			if r.Version <= last || !artifactName.MatchString(r.Artifact) {
				t.Errorf("release %+v was accepted", r)
			}
			last = r.Version
		}
		if s.NextRelease <= last {
			t.Errorf("release v%d would be made again", s.NextRelease)
		}
		if live := s.release(releaseRecord{Version: s.Live}.id()); s.Live != 0 && (live == nil || live.Status != bot.ReleaseSucceeded) {
			t.Errorf("v%d is live, and is %+v", s.Live, live)
		}
		for _, b := range s.Builds {
			if strings.ContainsAny(b.ID, "/.") || b.Status == bot.BuildSucceeded && !artifactName.MatchString(b.Artifact) {
				t.Errorf("build %+v was accepted", b)
			}
		}
		saved, err := json.Marshal(s)
		if err != nil {
			return // a time that JSON cannot hold; saving will fail, and change nothing
		}
		again, err := parseState(saved)
		if err != nil {
			t.Fatalf("what was accepted is refused once it is saved: %v\n%s", err, saved)
		}
		if twice, err := json.Marshal(again); err != nil || !reflect.DeepEqual(saved, twice) {
			t.Errorf("what was accepted changes when it is saved (%v):\n%s\n%s", err, saved, twice)
		}
	})
}
