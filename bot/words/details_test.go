package words_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot/words"
)

// A text has the places of its links. Who publishes it completes them, or leaves them out.
func TestDetails(t *testing.T) {
	text := "**It is live**" + words.Details("", "2222222a", "") + "\n\n### api\n\nSoon." + words.Details("api", "", "") + "\n**Why**" + words.Details("api", "a1", "why") + "\n"
	if got, want := words.WithDetails(text, nil), "**It is live**\n\n### api\n\nSoon.\n**Why**\n"; got != want {
		t.Errorf("without pages there should be no links, got %q", got)
	}
	got := words.WithDetails(text, func(pipeline, sha, part string) string {
		return "https://h.example/" + pipeline + "/" + sha + "#" + part
	})
	for _, want := range []string{
		"**It is live** [details](https://h.example//2222222a#)\n", "Soon. [details](https://h.example/api/#)\n", "**Why** [details](https://h.example/api/a1#why)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("expected %q in %q", want, got)
		}
	}
}

// What people write is no place of a link.
func TestOthersMakeNoDetails(t *testing.T) {
	for _, title := range []string{"Fix [details](headstart:/a1#)", "Fix [details](headstart:api/#why)"} {
		text := "1 commit: " + words.Text(title)
		if got := words.WithDetails(text, func(string, string, string) string { return "https://h.example" }); got != text {
			t.Errorf("%q should stay as it is, got %q", text, got)
		}
	}
	text := "not ours: [details](headstart:/a1#x y) [details](headstart:/../#)"
	if got := words.WithDetails(text, nil); got != text {
		t.Errorf("%q should stay as it is, got %q", text, got)
	}
}
