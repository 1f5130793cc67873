package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/goccy/go-yaml"
)

const chartDir = "../../deploy/helm/headstart"

// chartFuncs are those of Helm's functions that the chart uses. Helm itself lints and renders it in .ci/nightly.
func chartFuncs(t *template.Template) template.FuncMap {
	return template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var b strings.Builder
			err := t.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"toYaml": func(v any) (string, error) {
			text, err := yaml.Marshal(v)
			return strings.TrimSuffix(string(text), "\n"), err
		},
		"nindent": func(n int, text string) string {
			return "\n" + strings.Repeat(" ", n) + strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n))
		},
		"default": func(usual, value any) any {
			if value == nil || value == "" {
				return usual
			}
			return value
		},
		"quote":      func(v any) string { return fmt.Sprintf("%q", fmt.Sprint(v)) },
		"int":        func(v any) (n int, err error) { _, err = fmt.Sscan(fmt.Sprint(v), &n); return n, err },
		"trunc":      func(n int, text string) string { return text[:min(n, len(text))] },
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"fail":       func(text string) (string, error) { return "", errors.New(text) },
	}
}

// object is a resource of Kubernetes, as far as it is looked at.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		Replicas int
		Strategy struct{ Type string }
		Template struct {
			Spec struct {
				EnableServiceLinks *bool
				Containers         []struct {
					Image                         string
					Env                           []struct{ Name, Value string }
					LivenessProbe, ReadinessProbe struct{ HTTPGet struct{ Path string } }
				}
				Volumes []struct {
					PersistentVolumeClaim struct{ ClaimName string }
				}
			}
		}
	}
}

// renderChart renders the chart with its values, some of which are changed.
func renderChart(t *testing.T, change func(values map[string]any)) (map[string]object, error) {
	t.Helper()
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(chartDir, "values.yaml"))), &values); err != nil {
		t.Fatal(err)
	}
	change(values)
	all := template.New("chart").Option("missingkey=error")
	all.Funcs(chartFuncs(all))
	if _, err := all.ParseGlob(filepath.Join(chartDir, "templates", "*")); err != nil {
		t.Fatal(err)
	}
	objects := map[string]object{}
	for _, one := range all.Templates() {
		if filepath.Ext(one.Name()) != ".yaml" {
			continue
		}
		var text bytes.Buffer
		if err := one.Execute(&text, map[string]any{
			"Values": values, "Chart": map[string]any{"Name": "headstart", "Version": "1.2.3", "AppVersion": "v1.2.3"},
			"Release": map[string]any{"Name": "cd", "Namespace": "default", "Service": "Helm"},
		}); err != nil {
			return nil, err
		}
		if strings.TrimSpace(text.String()) == "" {
			continue
		}
		var o object
		data, err := yaml.YAMLToJSON(text.Bytes()) // whose names are Kubernetes'
		if err == nil {
			err = json.Unmarshal(data, &o)
		}
		if err != nil || o.Kind == "" {
			t.Fatalf("%s should be an object of Kubernetes: %v\n%s", one.Name(), err, &text)
		}
		objects[o.Kind] = o
	}
	return objects, nil
}

// The Helm chart runs one pod on SQLite or several on PostgreSQL, and sets nothing that the server does not read.
func TestChart(t *testing.T) {
	t.Parallel()
	sqlite, err := renderChart(t, func(v map[string]any) { v["settings"] = map[string]any{"LOG_LEVEL": "debug"} })
	if err != nil {
		t.Fatal(err)
	}
	postgres, err := renderChart(t, func(v map[string]any) {
		v["replicas"] = 2
		v["database"].(map[string]any)["kind"] = "postgres"
		v["ingress"].(map[string]any)["host"] = "headstart.example.com"
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := renderChart(t, func(v map[string]any) { v["replicas"] = 2 }); err == nil {
		t.Error("two pods on SQLite should be refused")
	}
	one, several := sqlite["Deployment"], postgres["Deployment"]
	if one.Spec.Strategy.Type != "Recreate" || one.Spec.Replicas != 1 || one.Spec.Template.Spec.Volumes[0].PersistentVolumeClaim.ClaimName != sqlite["PersistentVolumeClaim"].Metadata.Name {
		t.Errorf("one pod on SQLite should never run beside another, and keep its volume: %+v", one)
	}
	if several.Spec.Strategy.Type != "RollingUpdate" || several.Spec.Replicas != 2 || postgres["Ingress"].Kind == "" || postgres["PersistentVolumeClaim"].Kind != "" {
		t.Errorf("pods on PostgreSQL should be replaced one after another: %+v", several)
	}
	known := serveVariables(t)
	for _, d := range []object{one, several} {
		pod := d.Spec.Template.Spec
		c := pod.Containers[0]
		if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
			t.Error("Kubernetes should set no variables of its own")
		}
		if c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" || c.Image != "ghcr.io/headstart-cd/headstart:v1.2.3" {
			t.Errorf("the pod should be probed, and be the chart's version: %+v", c)
		}
		for _, v := range c.Env {
			if !slices.Contains(known, v.Name) {
				t.Errorf("the chart sets %s, which the server does not read", v.Name)
			}
		}
	}
	if env := one.Spec.Template.Spec.Containers[0].Env; !slices.ContainsFunc(env, func(v struct{ Name, Value string }) bool { return v.Name == "LOG_LEVEL" && v.Value == "debug" }) {
		t.Errorf("more settings should be set: %v", env)
	}
	for _, m := range regexp.MustCompile(`\b(?:GITHUB|HEROKU|HEADSTART|DATABASE|LOG)_[A-Z_]+\b`).FindAllString(read(t, filepath.Join(chartDir, "values.yaml")), -1) {
		if !slices.Contains(known, m) {
			t.Errorf("values.yaml speaks of %s, which the server does not read", m)
		}
	}
}

// The schema of the chart's values knows those that values.yaml has, and no others.
func TestChartsSchema(t *testing.T) {
	t.Parallel()
	type schema struct {
		Properties map[string]json.RawMessage
		Additional any `json:"additionalProperties"`
	}
	var compare func(at string, s schema, values map[string]any)
	compare = func(at string, s schema, values map[string]any) {
		if s.Additional != false {
			t.Errorf("the schema should refuse values below %q that nobody knows", at)
		}
		for name := range s.Properties {
			if _, ok := values[name]; !ok && at+name != "global" { // which Helm brings
				t.Errorf("values.yaml lacks %s", at+name)
			}
		}
		for name, value := range values {
			var below schema
			if s.Properties[name] == nil || json.Unmarshal(s.Properties[name], &below) != nil {
				t.Errorf("the schema lacks %s", at+name)
			}
			if m, ok := value.(map[string]any); ok && below.Properties != nil {
				compare(at+name+".", below, m)
			}
		}
	}
	var top schema
	text, err := os.ReadFile(filepath.Join(chartDir, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := errors.Join(json.Unmarshal(text, &top), yaml.Unmarshal([]byte(read(t, filepath.Join(chartDir, "values.yaml"))), &values)); err != nil {
		t.Fatal(err)
	}
	compare("", top, values)
}
