package bot

import (
	"cmp"
	"fmt"

	"github.com/headstart-cd/headstart/bot/redact"
)

// Text describes an answer for people.
func (a Probed) Text() string {
	got := ""
	if a.Status != 0 {
		got = fmt.Sprintf("HTTP %d in %d ms", a.Status, a.Latency.Milliseconds())
		if a.Excerpt != "" {
			got += ": " + redact.Cut(a.Excerpt, 60)
		}
	}
	switch {
	case a.Reason == "":
		return cmp.Or(got, "no answer")
	case got == "":
		return a.Reason
	}
	return a.Reason + " (" + got + ")"
}
