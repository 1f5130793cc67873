package insight_test

import (
	"os"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/insight"
)

// The manual defines the numbers in the words of the pages.
func TestManualHasTheDefinitions(t *testing.T) {
	file, err := os.ReadFile("../docs/insights.md")
	if err != nil {
		t.Fatal(err)
	}
	manual := strings.Join(strings.Fields(string(file)), " ")
	for _, d := range insight.Definitions {
		if text := "### " + d.Name + " " + d.Text; !strings.Contains(manual, text) {
			t.Errorf("docs/insights.md should have %q", text)
		}
	}
}
