package bot

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPathGlobs(t *testing.T) {
	for _, c := range []struct {
		glob     string
		yes, not []string
	}{
		{"*.md", []string{"README.md", ".md"}, []string{"docs/a.md", "README.mdx", "readme.MD"}},
		{"**/*.md", []string{"README.md", "docs/a.md", "a/b/c.md"}, []string{"a.md/b"}},
		{"docs/**", []string{"docs/a", "docs/a/b.md"}, []string{"docs", "docsx/a", "a/docs/b", "docs-old/a"}},
		{"docs/", []string{"docs/a", "docs/a/b.md"}, []string{"docs"}},
		{"docs", []string{"docs", "docs/a", "docs/a/b.md"}, []string{"docsx", "docsx/a", "a/docs"}},
		{"db/migrate", []string{"db/migrate/1.sql"}, []string{"db/seed.sql", "db"}},
		{"**/migrations", []string{"migrations/1", "a/migrations/b/1"}, []string{"a/b"}},
		{"docs/*", []string{"docs/a"}, []string{"docs/a/b", "docs"}},
		{"db/migrate/**", []string{"db/migrate/1.sql"}, []string{"db/seed.sql", "migrate/1.sql"}},
		{"**/migrations/**", []string{"migrations/1", "a/migrations/1", "a/b/migrations/c/1"}, []string{"migrations", "a/migrations"}},
		{"services/**/schema.sql", []string{"services/schema.sql", "services/a/b/schema.sql"}, []string{"schema.sql", "services/a/schema.sqlx"}},
		{"**", []string{"a", "a/b", ".github/headstart.yml"}, nil},
		{"**/**", []string{"a", "a/b"}, nil},
		{"a?[0-9].go", []string{"ab1.go"}, []string{"ab.go", "a/1.go", "abx.go"}},
		{`\*.md`, []string{"*.md"}, []string{"a.md"}},
		{"[", nil, []string{"[", "a"}},
	} {
		for _, file := range c.yes {
			if !matchPath(c.glob, file) {
				t.Errorf("%s stands for %s", c.glob, file)
			}
		}
		for _, file := range c.not {
			if matchPath(c.glob, file) {
				t.Errorf("%s does not stand for %s", c.glob, file)
			}
		}
	}
}

// naive says what a glob means in the words of its description.
func naive(parts, names []string) bool {
	if len(parts) == 0 {
		return len(names) == 0
	}
	if len(parts) == 1 && !strings.ContainsAny(parts[0], "*?") {
		return len(names) > 0 && parts[0] == names[0] // the file, or a folder that it is in
	}
	if parts[0] == "**" && len(parts) == 1 {
		return len(names) > 0
	}
	if parts[0] == "**" {
		return naive(parts[1:], names) || len(names) > 0 && naive(parts, names[1:])
	}
	if len(names) == 0 {
		return false
	}
	ok, err := path.Match(parts[0], names[0])
	return err == nil && ok && naive(parts[1:], names[1:])
}

func TestPathGlobsMeanWhatTheyAreDescribedAs(t *testing.T) {
	part := rapid.SampledFrom([]string{"**", "**", "*", "a", "b", "a*", "*b", "?"})
	name := rapid.SampledFrom([]string{"a", "b", "ab", "ba", "aab"})
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(part, 1, 6).Draw(t, "glob")
		names := rapid.SliceOfN(name, 1, 6).Draw(t, "file")
		glob, file := strings.Join(parts, "/"), strings.Join(names, "/")
		if got := matchPath(glob, file); got != naive(parts, names) {
			t.Fatalf("%s stands for %s: %v", glob, file, got)
		}
	})
}

// A glob of many ** takes no longer than others.
func TestPathGlobsAreQuick(t *testing.T) {
	if matchPath(strings.Repeat("**/a/", 50)+"b", strings.Repeat("a/", 200)+"c") {
		t.Error("the file is c, not b")
	}
}
