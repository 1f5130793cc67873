package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// What /metrics shows is as Prometheus wants it, and has every metric that the dashboard, the alerts and the
// documentation name. HEADSTART_TEST_PROMTOOL is promtool, where Prometheus' own judgement is wanted, too.
func TestMetricsAreThoseOfTheDocumentation(t *testing.T) {
	onHeroku(t, choices{pipeline: verified}, func(b *bed, _ *herokuPlace) {
		b.deploy("first")
		b.pass(5 * time.Minute)
		_, shown := b.get("/metrics")
		problems, err := promlint.New(strings.NewReader(shown)).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("Prometheus finds fault with what is shown: %v, %v", problems, err)
		}
		if promtool := os.Getenv("HEADSTART_TEST_PROMTOOL"); promtool != "" {
			check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
			check.Stdin = strings.NewReader(shown)
			if said, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(said)) > 0 {
				t.Errorf("promtool finds fault with what is shown: %v\n%s", err, said)
			}
		}
		shows := families(shown)
		for _, file := range []string{"alerts.yml", "dashboard.json"} {
			for _, name := range named(read(t, "../../docs/monitoring/"+file)) {
				if !slices.Contains(shows, name) {
					t.Errorf("%s names %s, which /metrics does not show", file, name)
				}
			}
		}
		documented := named(read(t, "../../docs/monitoring.md"))
		for _, name := range shows {
			if strings.HasPrefix(name, "headstart_") && !slices.Contains(documented, name) {
				t.Errorf("docs/monitoring.md should tell of %s", name)
			}
		}
		for _, name := range documented {
			if !slices.Contains(shows, name) {
				t.Errorf("docs/monitoring.md tells of %s, which /metrics does not show", name)
			}
		}
	})
}

// Every alert has a sentence in the documentation, and the dashboard is one that Grafana reads.
func TestAlertsAreDocumented(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../docs/monitoring/alerts.yml")), &rules); err != nil || len(rules.Groups) != 1 || len(rules.Groups[0].Rules) == 0 {
		t.Fatalf("the rules should be readable: %+v, %v", rules, err)
	}
	page, tests := read(t, "../../docs/monitoring.md"), read(t, "../../docs/monitoring/alerts_test.yml")
	for _, r := range rules.Groups[0].Rules {
		if !strings.Contains(page, "| "+r.Alert+" |") || !strings.Contains(tests, "alertname: "+r.Alert+"\n        exp_alerts:") {
			t.Errorf("%s should be in docs/monitoring.md, and have a test in which it fires", r.Alert)
		}
		if r.Expr == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s should say what is wrong and what to do: %+v", r.Alert, r)
		}
	}
	var dashboard struct {
		Title  string
		Panels []struct {
			ID      int
			Type    string
			Targets []struct{ Expr string }
			GridPos struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "../../docs/monitoring/dashboard.json")), &dashboard); err != nil || dashboard.Title != "Headstart" {
		t.Fatalf("the dashboard should be readable: %v", err)
	}
	seen := map[int]bool{}
	for _, p := range dashboard.Panels {
		if seen[p.ID] || p.Type != "row" && len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("a panel should have a number of its own, a query, and fit: %+v", p)
		}
		seen[p.ID] = true
	}
}

// families are the names of the metrics that are shown.
func families(shown string) (list []string) {
	for _, l := range strings.Split(shown, "\n") {
		if fields := strings.Fields(l); len(fields) > 2 && fields[1] == "TYPE" {
			list = append(list, fields[2])
		}
	}
	return list
}

var (
	metricName = regexp.MustCompile(`\b(headstart|process|go)_[a-z][a-z_]*\b`)
	partOf     = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// named are the metrics that a text names, of histograms the histogram.
func named(text string) (list []string) {
	for _, name := range metricName.FindAllString(text, -1) {
		list = append(list, partOf.ReplaceAllString(name, ""))
	}
	slices.Sort(list)
	return slices.Compact(list)
}
