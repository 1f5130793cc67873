package herokutest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// contract is the Platform API's published schema: a JSON hyper-schema, draft
// 4, of which it uses a part. Heroku's own `strictProperties` means that all
// properties are there and no others.
type contract struct {
	root  map[string]any
	links []link
}

// link is one endpoint: where, and what goes in and out.
type link struct {
	method   string
	segments []string // of the path, "" for a variable one
	schema   map[string]any
	target   map[string]any
}

// newer lists what the API has and the published schema, last generated before
// October 2025, has not: endpoints, properties and values. What an app is connected
// to is no part of it, but is served by the same Heroku.
var newer = struct {
	endpoints  []string
	properties []string
	values     map[string][]string // of a property
}{
	endpoints:  []string{"DELETE /apps/*/builds/*", "GET /apps/*/oci-images/*", "GET /users/~", "GET /apps/*/github"},
	properties: []string{"eligible_for_rollback", "oci_image", "generation", "dyno_size", "source.release", "pipeline.name"},
	values:     map[string][]string{"status": {"expired"}},
}

// schemaOnce reads the schema once for all servers of a process.
var schemaOnce = sync.OnceValues(func() (*contract, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/heroku/heroku-go/v5").Output()
	if err != nil {
		return nil, fmt.Errorf("find heroku-go: %w", err)
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "schema.json"))
	if err != nil {
		return nil, err
	}
	return parseContract(raw)
})

func loadContract() (*contract, error) { return schemaOnce() }

func parseContract(raw []byte) (*contract, error) {
	c := &contract{}
	if err := json.Unmarshal(raw, &c.root); err != nil {
		return nil, err
	}
	definitions, ok := c.root["definitions"].(map[string]any)
	if !ok {
		return nil, errors.New("the schema has no definitions")
	}
	for _, d := range definitions {
		links, _ := d.(map[string]any)["links"].([]any)
		for _, l := range links {
			l := l.(map[string]any)
			lk := link{method: l["method"].(string)}
			for segment := range strings.SplitSeq(strings.Trim(l["href"].(string), "/"), "/") {
				if strings.HasPrefix(segment, "{") {
					segment = ""
				}
				lk.segments = append(lk.segments, segment)
			}
			lk.schema, _ = l["schema"].(map[string]any)
			lk.target, _ = l["targetSchema"].(map[string]any)
			c.links = append(c.links, lk)
		}
	}
	return c, nil
}

// check tells what is wrong with a request and its answer.
func (c *contract) check(r *http.Request, body []byte, answer *recorder) []string {
	path := r.URL.Path
	if besideAPI(path) || answer.status == http.StatusNotFound && answer.header.Get("RateLimit-Remaining") == "" {
		return nil // no endpoint at all has been reported already
	}
	var found []link
	for _, l := range c.links {
		if l.method == r.Method && l.matches(path) {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		if slices.ContainsFunc(newer.endpoints, func(e string) bool {
			method, pattern, _ := strings.Cut(e, " ")
			ok, _ := filepath.Match(pattern, path)
			return ok && method == r.Method
		}) {
			return nil
		}
		return []string{fmt.Sprintf("%s %s: the schema has no such endpoint", r.Method, path)}
	}
	var wrong []string
	if answer.status/100 == 2 {
		wrong = append(wrong, c.any(found, r, "request", body, func(l link) map[string]any { return l.schema })...)
		wrong = append(wrong, c.any(found, r, "answer", answer.body.Bytes(), func(l link) map[string]any { return l.target })...)
	} else {
		wrong = append(wrong, checkError(r, answer)...)
	}
	return wrong
}

// besideAPI tells whether a path belongs to outputs, sources or the apps
// themselves.
func besideAPI(path string) bool {
	for _, prefix := range []string{"/streams/", "/sources/", "/web/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// any is content if one of the endpoints that share a method and a path takes
// the JSON text; otherwise it tells what the last one found.
func (c *contract) any(links []link, r *http.Request, what string, text []byte, pick func(link) map[string]any) []string {
	var wrong []string
	for _, l := range links {
		s := pick(l)
		if s == nil || len(bytes.TrimSpace(text)) == 0 && what == "answer" {
			return nil
		}
		var v any = map[string]any{}
		if len(bytes.TrimSpace(text)) > 0 {
			if err := json.Unmarshal(text, &v); err != nil {
				return []string{fmt.Sprintf("%s %s: the %s is no JSON: %v", r.Method, r.URL.Path, what, err)}
			}
		}
		k := checker{root: c.root, answer: what == "answer"}
		k.value(s, v, "")
		if len(k.wrong) == 0 {
			return nil
		}
		wrong = nil
		for _, w := range k.wrong {
			wrong = append(wrong, fmt.Sprintf("%s %s: in the %s, %s", r.Method, r.URL.Path, what, w))
		}
	}
	return wrong
}

func checkError(r *http.Request, answer *recorder) []string {
	var e struct{ ID, Message string }
	if err := json.Unmarshal(answer.body.Bytes(), &e); err != nil || e.ID == "" || e.Message == "" {
		return []string{fmt.Sprintf("%s %s: the error %d has no id and message", r.Method, r.URL.Path, answer.status)}
	}
	return nil
}

func (l link) matches(path string) bool {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	return slices.EqualFunc(l.segments, segments, func(want, got string) bool { return want == "" && got != "" || want == got })
}

// checker holds one value against one schema.
type checker struct {
	root   map[string]any
	answer bool // answers have all strict properties
	wrong  []string
}

func (k *checker) fail(at, format string, args ...any) {
	k.wrong = append(k.wrong, strings.TrimPrefix(at, ".")+" "+fmt.Sprintf(format, args...))
}

// resolve follows references within the document.
func (k *checker) resolve(s map[string]any) map[string]any {
	for {
		ref, ok := s["$ref"].(string)
		if !ok {
			return s
		}
		var v any = k.root
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			v = v.(map[string]any)[part]
		}
		s = v.(map[string]any)
	}
}

// value checks v, which is at the dotted path `at`.
func (k *checker) value(s map[string]any, v any, at string) {
	s = k.resolve(s)
	if alternatives, ok := s["anyOf"].([]any); ok {
		for _, alt := range alternatives {
			try := checker{root: k.root, answer: k.answer}
			try.value(alt.(map[string]any), v, at)
			if len(try.wrong) == 0 {
				return
			}
		}
		k.fail(at, "matches none of the alternatives: %v", v)
		return
	}
	if !k.typed(s, v, at) || v == nil {
		return
	}
	name := at[strings.LastIndexByte(at, '.')+1:]
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
		if text, _ := v.(string); !slices.Contains(newer.values[name], text) {
			k.fail(at, "is %v, none of %v", v, enum)
		}
	}
	switch v := v.(type) {
	case string:
		k.text(s, v, at, name)
	case []any:
		if items, ok := s["items"].(map[string]any); ok {
			for i, item := range v {
				k.value(items, item, fmt.Sprintf("%s[%d]", at, i))
			}
		}
	case map[string]any:
		k.object(s, v, at)
	}
}

// typed checks the type, which is a list of names.
func (k *checker) typed(s map[string]any, v any, at string) bool {
	types, ok := s["type"].([]any)
	if !ok {
		return true
	}
	is := ""
	switch v := v.(type) {
	case nil:
		is = "null"
	case bool:
		is = "boolean"
	case string:
		is = "string"
	case float64:
		is = "number"
		if v == float64(int64(v)) {
			is = "integer"
		}
	case []any:
		is = "array"
	case map[string]any:
		is = "object"
	}
	if slices.Contains(types, any(is)) || is == "integer" && slices.Contains(types, any("number")) {
		return true
	}
	k.fail(at, "is %s, not %v", is, types)
	return false
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (k *checker) text(s map[string]any, v, at, name string) {
	var err error
	switch s["format"] {
	case "uuid":
		if !uuid.MatchString(v) {
			err = errors.New("not a UUID")
		}
	case "date-time":
		_, err = time.Parse(time.RFC3339, v)
	case "email":
		_, err = mail.ParseAddress(v)
	case "uri":
		_, err = url.ParseRequestURI(v)
	}
	if err != nil {
		k.fail(at, "is %q: %v", v, err)
	}
	if name == "web_url" {
		return // apps may have a suffix in it by now, and tests serve theirs elsewhere
	}
	if pattern, ok := s["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(v) {
		k.fail(at, "is %q, which does not match %s", v, pattern)
	}
}

func (k *checker) object(s, v map[string]any, at string) {
	properties, _ := s["properties"].(map[string]any)
	patterns, _ := s["patternProperties"].(map[string]any)
	strict := s["strictProperties"] == true
	required, _ := s["required"].([]any)
	if strict && k.answer {
		required = nil
		for name := range properties {
			required = append(required, name)
		}
	}
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			k.fail(at, "lacks %q", name)
		}
	}
	closed := s["additionalProperties"] == false || strict || len(properties) > 0
	for name, value := range v {
		if p, ok := properties[name].(map[string]any); ok {
			k.value(p, value, at+"."+name)
			continue
		}
		known := false
		for pattern, p := range patterns {
			if regexp.MustCompile(pattern).MatchString(name) {
				k.value(p.(map[string]any), value, at+"."+name)
				known = true
			}
		}
		if !known && closed && !k.newer(at, name) {
			k.fail(at, "has %q, which the schema does not name", name)
		}
	}
}

// newer tells whether the API has a property that the schema lacks.
func (k *checker) newer(at, name string) bool {
	parent := at[strings.LastIndexByte(at, '.')+1:]
	if i := strings.IndexByte(parent, '['); i >= 0 {
		parent = parent[:i]
	}
	return slices.Contains(newer.properties, name) || slices.Contains(newer.properties, parent+"."+name)
}
