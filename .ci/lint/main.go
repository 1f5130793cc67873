// Command lint lints and renders the chart in a folder with Helm's own library, once for each way to run Headstart, and
// parses a Dockerfile as Docker does.
//
//	go -C .ci/lint run . ../../deploy/helm/headstart ../../Dockerfile
package main

import (
	"fmt"
	"os"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

type values = map[string]any

var ways = map[string]values{
	"SQLite":                     {},
	"SQLite on a claim":          {"database": values{"volume": values{"existingClaim": "mine"}}},
	"PostgreSQL with an Ingress": {"replicas": 2, "database": values{"kind": "postgres"}, "ingress": values{"host": "headstart.example.com"}, "settings": values{"LOG_LEVEL": "debug"}},
}

// wrong are values that the schema or a template has to refuse.
var wrong = map[string]values{
	"two pods on SQLite":     {"replicas": 2},
	"an unknown value":       {"replica": 2},
	"an unknown database":    {"database": values{"kind": "mysql"}},
	"a setting in lowercase": {"settings": values{"log_level": "debug"}},
}

func main() {
	err := chart(os.Args[1])
	if err == nil {
		err = dockerfile(os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// chart lints and renders the chart.
func chart(dir string) error {
	for name, v := range ways {
		for _, m := range lint.All(dir, v, "default", true).Messages {
			if m.Severity >= support.WarningSev {
				return fmt.Errorf("%s: %s", name, m.Error())
			}
		}
		files, err := render(dir, v)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%s: linted, %d files rendered\n", name, len(files))
	}
	for name, v := range wrong {
		if _, err := render(dir, v); err == nil {
			return fmt.Errorf("%s should be refused", name)
		}
	}
	return nil
}

// render does what `helm template` does.
func render(dir string, v values) (map[string]string, error) {
	chart, err := loader.Load(dir)
	if err != nil {
		return nil, err
	}
	all, err := chartutil.ToRenderValues(chart, v, chartutil.ReleaseOptions{Name: "headstart", Namespace: "default"}, nil)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}
