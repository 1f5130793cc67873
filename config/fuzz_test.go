package config_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

// FuzzParse hands in what strangers may push: nothing crashes the parser, what
// it refuses has a place in the file, and what it accepts can be written out
// again and means the same.
func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		for _, file := range files(f, folder) {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		all, err := config.ParseAll(file, "f")
		if _, errOf := config.ParseOf(bot.Repo{Owner: "acme", Name: "shop"}, file, "f"); err != nil && errOf == nil {
			t.Fatalf("a file is accepted once its repository is known: %v", err)
		}
		if err == nil {
			config.ExplainAll(all)
			again, err := config.ParseAll(written(t, all), "f")
			if err != nil {
				t.Fatalf("an accepted configuration is refused when it is written out: %v\n%s", err, written(t, all))
			}
			if !reflect.DeepEqual(again, all) {
				t.Fatalf("an accepted configuration changes when it is written out:\n%+v\n%+v", all, again)
			}
			return
		}
		var refused *config.Error
		if !errors.As(err, &refused) || len(refused.Problems) == 0 {
			t.Fatalf("refused without a problem: %v", err)
		}
		before := config.Problem{}
		for _, p := range refused.Problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Fatalf("a problem without its place or its words: %+v", p)
			}
			if p.Line < before.Line || p.Line == before.Line && p.Column < before.Column {
				t.Fatalf("problems out of order: %v after %v", p, before)
			}
			if strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("a problem plays with the terminal: %q", p)
			}
			before = p
		}
		_ = refused.Detail()
	})
}
