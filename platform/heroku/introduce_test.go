package heroku_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/heroku"
)

// What is asked at the start tells a wrong API key from a wrong address, and costs nothing of the account's limit.
func TestIntroduce(t *testing.T) {
	w := newWorld(t)
	before := w.server.Remaining()
	if err := w.platform.Introduce(t.Context()); err != nil || w.server.Remaining() != before {
		t.Errorf("a good key should do, and no request be spent: %v, %d of %d remain", err, w.server.Remaining(), before)
	}
	introduce := func(o heroku.Options) error {
		h, err := heroku.New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(h.Close)
		return h.Introduce(t.Context())
	}
	var refused *bot.Refused
	if err := introduce(heroku.Options{APIKey: "another-key", URL: w.server.URL()}); !errors.As(err, &refused) || errors.Is(err, heroku.ErrNoAPI) || !strings.Contains(refused.Reason, "HEROKU_API_KEY") {
		t.Errorf("a wrong key should be refused, got %v", err)
	}
	if err := introduce(heroku.Options{APIKey: w.server.Token(), URL: "http://127.0.0.1:1"}); err == nil || errors.Is(err, heroku.ErrNoAPI) || errors.As(err, &refused) {
		t.Errorf("a Heroku that is out of reach should be told from the others, got %v", err)
	}
}
