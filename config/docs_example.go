package config

import (
	"fmt"
	"strings"
)

// exampleFile is a whole file with the example of a key, which is valid and does
// something: one of exampleFiles, or what stands around the key by itself.
func exampleFile(path string, k key) string {
	const one = "stages:\n  - name: production\n    app: shop\n"
	if file, ok := exampleFiles[path]; ok {
		return file
	}
	parent := strings.TrimSuffix(strings.TrimSuffix(path, k.name), ".")
	switch {
	case parent == "":
		return k.example + "\n" + one
	case parent == "prepare":
		return "prepare:\n" + withRequired("  ", k, prepare) + one
	case parent == "prepare.pull_requests":
		return "prepare:\n  apps: [shop-prepare]\n  pull_requests:\n" + withRequired("    ", k, pullRequests) + one
	case parent == "checks[]":
		file := "checks:\n  - name: lint\n"
		if k.name != "name" {
			file += "    " + k.example + "\n"
		}
		return file + one
	case parent == "windows.NAME":
		return "windows:\n  office-closed:\n" + withRequired("    ", k, window) + one + "    windows: [office-closed]\n"
	case parent == "freezes[]":
		return "freezes:\n  - " + strings.TrimLeft(withRequired("    ", k, freeze), " ") + one
	case parent == "stages[]":
		return "stages:\n  - " + strings.TrimLeft(withRequired("    ", k, stage), " ")
	case parent == "insights":
		return one + "insights:\n" + withRequired("  ", k, insights)
	case parent == "stages[].verify":
		return one + "    verify:\n" + withRequired("      ", k, verify)
	case parent == "pipelines.NAME":
		return "pipelines:\n  api:\n    " + k.example + "\n    " + strings.ReplaceAll(strings.TrimSpace(one), "\n", "\n    ") + "\n"
	}
	panic(fmt.Sprintf("the key %s has no file as an example", path)) // a test asks for every key's
}

// explained is what Explain says of a file that is valid.
func explained(file string) string {
	all, err := ParseAll([]byte(file), Path)
	if err != nil {
		return err.Error() + "\n" // which a test finds in the documentation
	}
	return ExplainAll(all)
}

// explainedLine is the line with which Explain says what a key means in its
// example's file; empty if it does not, which a test finds.
func explainedLine(path string, k key) string {
	for _, line := range strings.Split(explained(exampleFile(path, k)), "\n") {
		if strings.Contains(line, k.says) {
			return strings.TrimSpace(line[min(labelWidth, len(line)):])
		}
	}
	return ""
}

// withRequired is a key and those that are required beside it, in the order of
// the documentation.
func withRequired(indent string, k key, of object) string {
	var b strings.Builder
	for _, other := range of.keys {
		one := len(of.exactlyOne) > 0 && other.name == of.exactlyOne[0]
		if other.name == k.name || other.required || one {
			b.WriteString(indent + other.example + "\n")
		}
	}
	return b.String()
}

// exampleFiles are the files of keys that refer to other keys, or are shown best
// among them.
var exampleFiles = map[string]string{
	"platform": `platform: local
build: go build -o bin/web .
stages:
  - name: production
    app: shop
`,
	"build": `platform: local
build: go build -o bin/web .
stages:
  - name: production
    app: shop
`,
	"changes": `changes:
  migration: [db/migrate/**]
  docs: [docs/**, "*.md"]
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    skip: [docs]
    maintenance: [migration]
`,
	"windows": `windows:
  office-closed: {days: mon-fri, from: "20:00", to: "06:00", zone: America/Toronto}
stages:
  - name: production
    app: shop
    windows: [office-closed]
`,
	"stages": `stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
`,
	"pipelines": `pipelines:
  api:
    paths: [services/api/**]
    stages:
      - name: production
        app: shop-api
  web:
    paths: [services/web/**]
    stages:
      - name: production
        app: shop-web
`,
	"stages[].apps": `stages:
  - name: staging
    app: shop-staging
  - name: production
    apps: [shop-us, shop-ca]
`,
	"stages[].pull_requests": `stages:
  - name: staging
    app: shop-staging
    pull_requests: true
  - name: production
    app: shop-production
`,
	"stages[].rehearse": `prepare: shop-prepare
stages:
  - name: rehearsal
    app: shop-rehearsal
    rehearse: {copy_from: shop-us}
  - name: production
    app: shop-us
`,
	"stages[].soak": `stages:
  - name: canary
    app: shop-eu
    verify: {url: https://eu.shop.example.com/healthz}
    soak: 15m
  - name: production
    app: shop-us
`,
	"stages[].skip": `changes:
  docs: [docs/**, "*.md"]
stages:
  - name: staging
    app: shop-staging
  - name: canary
    app: shop-eu
    skip: [docs]
  - name: production
    app: shop-us
`,
	"stages[].windows": `windows:
  office-closed: {days: mon-fri, from: "20:00", to: "06:00", zone: America/Toronto}
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    windows: [office-closed]
`,
	"stages[].hold": `changes:
  migration: [db/migrate/**]
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    hold: {migration: approval}
`,
	"stages[].maintenance": `changes:
  migration: [db/migrate/**]
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    maintenance: [migration]
`,
	"stages[].four_eyes": `stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    promote: approval
    four_eyes: true
`,
	"stages[].on_failure": `stages:
  - name: production
    app: shop
    on_failure: hold
`,
	"stages[].rehearse.copy_from": `prepare: shop-prepare
stages:
  - name: rehearsal
    app: shop-rehearsal
    rehearse: {copy_from: shop-us}
  - name: production
    app: shop-us
`,
	"stages[].rehearse.command": `platform: local
build: go build -o bin/web .
prepare: shop-prepare
stages:
  - name: rehearsal
    app: shop-rehearsal
    rehearse:
      copy_from: shop-us
      command: ./copy-database
  - name: production
    app: shop-us
`,
}
