package config_test

import (
	"bytes"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/headstart-cd/headstart/config"
)

func TestSchemaIsCommitted(t *testing.T) {
	golden(t, "schema.json", string(config.Schema()))
}

// editor judges files as an editor does, with nothing but the schema.
func editor(t *testing.T) func(file []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("headstart.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("headstart.json")
	if err != nil {
		t.Fatalf("the schema is not valid itself: %v", err)
	}
	return func(file []byte) error {
		data, err := yaml.YAMLToJSON(file)
		if err != nil {
			return err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
}

// Rules between keys are beyond a schema, and some of YAML's own
// traps are gone once a file is data. Of all bad files only these pass it.
var beyondSchema = map[string]bool{
	"several-documents": true,
	"rehearsal-local":   true,
}

func TestSchemaAgreesWithParserOnFiles(t *testing.T) {
	judge := editor(t)
	for name, file := range files(t, "good") {
		if err := judge(file); err != nil {
			t.Errorf("editors refuse the good file %s: %v", name, err)
		}
	}
	for name, file := range files(t, "bad") {
		if err := judge(file); (err == nil) != beyondSchema[name] {
			t.Errorf("the bad file %s: editors accept it: %v, expected %v", name, err == nil, beyondSchema[name])
		}
	}
}

func TestSchemaAgreesWithParserOnValues(t *testing.T) {
	judge := editor(t)
	const production = "stages: [{name: production, app: shop}]\n"
	tests := []struct {
		file           string
		parser, editor bool // who accepts it
	}{
		{production, true, true},
		{"branch: feature/x\n" + production, true, true},
		{"branch: 'a b'\n" + production, false, false},
		{"branch: 1.0\n" + production, false, false},
		{"branch: ''\n" + production, false, false},
		{"branch: a..b\n" + production, false, false},
		{"platform: local\nbuild: make\n" + production, true, true},
		{"platform: local\n" + production, false, false},
		{"platform: fly\n" + production, false, false},
		{"build: make\n" + production, false, false},
		{"prepare: shop-prepare\n" + production, true, true},
		{"prepare: {apps: [shop-prepare]}\n" + production, true, true},
		{"prepare: {pull_requests: true}\n" + production, false, false},
		{"prepare: {apps: [shop-prepare], pull_requests: 'true'}\n" + production, false, false},
		{"prepare: {apps: [shop-prepare, shop-prepare]}\n" + production, false, false},
		{"prepare: [shop-prepare]\n" + production, false, false},
		{"prepare: shop\n" + production, false, true}, // one app, two duties
		{"checks: none\n" + production, true, true},
		{"checks: [lint]\n" + production, true, true},
		{"checks: lint\n" + production, false, false},
		{"checks: []\n" + production, false, false},
		{"checks: [headstart/build]\n" + production, false, false},
		{"stages: []\n", false, false},
		{"branch: main\n", false, false},
		{"stages: [{name: production}]\n", false, false},
		{"stages: [{app: shop}]\n", false, false},
		{"stages: [{name: production, app: shop, apps: [shop-2]}]\n", false, false},
		{"stages: [{name: a, app: shop}, {name: a, app: shop-2}]\n", false, true},
		{"stages: [{name: production, app: shop, promote: auto, pull_requests: false, allow: write, four_eyes: false}]\n", true, true},
		{"stages: [{name: production, app: shop, promote: approval}]\n", true, true},
		{"stages: [{name: production, app: shop, pull_requests: true}]\n", true, true},
		{"stages: [{name: production, app: shop, pull_requests: 'yes'}]\n", false, false},
		{"stages: [{name: production, app: shop, allow: team/releasers}]\n", true, true},
		{"stages: [{name: production, app: shop, allow: [admin, team/a_b-1, '@ana', '@ben_acme']}]\n", true, true},
		{"stages: [{name: production, app: shop, allow: everybody}]\n", false, false},
		{"stages: [{name: production, app: shop, allow: '@acme/releasers'}]\n", false, false},
		{"stages: [{name: production, app: shop, allow: read}]\n", false, false},
		{"stages: [{name: production, app: shop, allow: []}]\n", false, false},
		{"stages: [{name: production, app: shop, allow: [admin, admin]}]\n", false, false},
		{"stages: [{name: production, app: shop, soak: 15m}]\n", false, true}, // nothing waits for it
		{"stages: [{name: production, app: shop, soak: 15m, verify: {url: https://shop.example.com}}]\n", true, true},
		{"stages: [{name: production, app: shop, verify: {url: ftp://shop.example.com}}]\n", false, false},
		{"stages: [{name: production, app: shop, verify: {url: https://shop.example.com, status: 100}}]\n", false, false},
		{"stages: [{name: production, app: shop, needs: ['acme/api:production', 'acme/mono:web:live']}]\n", true, true},
		{"stages: [{name: production, app: shop, needs: [acme/api]}]\n", false, false},
		{"stages: [{name: production, app: shop, needs: ['acme/mono:web:live:now']}]\n", false, false},
		{"stages: [{name: production, app: shop, on_failure: hold}]\n", true, true},
		{"stages: [{name: production, app: shop, on_failure: nothing}]\n", false, false},
		{"stages: [{name: production, app: shop, windows: [nights]}]\n", false, true}, // which are not there
		{"changes: {docs: [docs/**]}\n" + production, true, true},
		{"changes: {docs: []}\n" + production, false, false},
		{"windows: {nights: {from: \"20:00\", to: \"06:00\", zone: UTC}}\n" + production, true, true},
		{"windows: {nights: {days: friday, from: \"20:00\", to: \"06:00\", zone: UTC}}\n" + production, false, false},
		{"freezes: [{from: 2026-12-23, to: 2027-01-02, zone: UTC}]\n" + production, true, true},
		{"freezes: [{from: 2026-12-23, zone: UTC}]\n" + production, false, false},
		{"pipelines: {api: {stages: [{name: production, app: shop}]}}\n", true, true},
		{"pipelines: {api: {paths: [api/**]}}\n", false, false},
		{"pipelines: {api: {stages: [{name: production, app: shop}]}}\n" + production, false, false},
		{"unknown: 1\n" + production, false, false},
		{"branch: refs/heads/main\n" + production, false, false},
		{"branch: -x\n" + production, false, false},
		{"branch: a.lock/b\n" + production, false, false},
		{"branch: release/2026.11\n" + production, true, true},
		{"checks: [none]\n" + production, false, false},
		{"checks: [none-of-it, Headstart]\n" + production, true, true},
		{"stages: [{name: build, app: shop}]\n", false, false},
		{"stages: [{name: builds, app: shop}]\n", true, true},
		{"stages: [{name: v2, app: shop}]\n", false, false},
		{"stages: [{name: abcdef0, app: shop}]\n", false, false},
		{"changes: {docs: ['!docs/**']}\n" + production, false, false},
		{"changes: {docs: [docs//a]}\n" + production, false, false},
		{"changes: {docs: [docs/**x]}\n" + production, false, false},
		{"changes: {docs: ['{a,b}/**']}\n" + production, false, false},
		{"changes: {docs: ['{{cookie}}/**', docs, '**/a/*.md', '**']}\n" + production, true, true},
		{"stages: [{name: production, app: shop, verify: {url: 'https://me:secret@shop.example.com'}}]\n", false, false},
		{"stages: [{name: production, app: shop, verify: {url: 'https://shop.example.com/a@b?c=d@e'}}]\n", true, true},
		{"stages: [{name: production, app: shop, verify: {url: 'https://shop.example.com/#a'}}]\n", false, false},
		{"stages: [{name: production, app: shop, verify: {url: 'https://shop.example.com', within: 0s}}]\n", false, false},
		{"stages: [{name: production, app: shop, verify: {url: 'https://shop.example.com', within: 1h0m}}]\n", true, true},
		{"stages: [{name: production, app: shop, verify: {url: 'https://shop.example.com', status: 204, contains: ok}}]\n", false, false},
		{"stages: [{name: production, app: shop, verify: {url: 'https://shop.example.com', status: 204, revision: body}}]\n", false, false},
		{"stages: [{name: production, app: shop, verify: {url: 'https://shop.example.com', status: 204, revision: header X-Revision}}]\n", true, true},
		{"stages: [{name: production, app: shop, four_eyes: true}]\n", false, false},
		{"stages: [{name: production, app: shop, four_eyes: true, promote: auto}]\n", false, false},
		{"stages: [{name: production, app: shop, four_eyes: true, promote: approval}]\n", true, true},
		{"prepare: shop-p\nstages: [{name: try, apps: [shop-a, shop-b], rehearse: {copy_from: shop}}, {name: production, app: shop}]\n", false, false},
		{"prepare: shop-p\nstages: [{name: try, apps: [shop-a], rehearse: {copy_from: shop}}, {name: production, app: shop}]\n", true, true},
	}
	for _, tt := range tests {
		_, err := config.ParseAll([]byte(tt.file), "f")
		if (err == nil) != tt.parser {
			t.Errorf("%q: expected accepted by the parser: %v, got: %v", tt.file, tt.parser, err)
		}
		if err := judge([]byte(tt.file)); (err == nil) != tt.editor {
			t.Errorf("%q: expected accepted by editors: %v, got: %v", tt.file, tt.editor, err)
		}
	}
}
