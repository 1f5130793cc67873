// Package contract holds requests and answers against GitHub's OpenAPI
// description. It is for tests: give [Load]'s result to
// githubtest.Options.Contract and look at Server.ContractErrors at the end.
// It is a package of its own so that programs which run the stand-in do not
// carry the validator.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Contract is a loaded OpenAPI document. It satisfies githubtest.Contract, and
// may be used by several servers at once.
type Contract struct {
	doc *openapi3.T

	mu      sync.Mutex
	checked map[string]int // guarded by mu: how often each "METHOD PATH" of the document was checked
	outside map[string]int // guarded by mu: endpoints that the document does not have
}

var (
	loading sync.Mutex
	loaded  = map[string]*Contract{} // guarded by loading; parsing takes a while, so it is done once per process
)

// Load reads a document, or returns the one read before from that path.
func Load(path string) (*Contract, error) {
	loading.Lock()
	defer loading.Unlock()
	if c := loaded[path]; c != nil {
		return c, nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("load the contract: %w", err)
	}
	loosen(doc)
	c := &Contract{doc: doc, checked: map[string]int{}, outside: map[string]int{}}
	loaded[path] = c
	return c, nil
}

// loosen mends what no real answer satisfies: an installation's account is
// described as a user and an enterprise at once.
func loosen(doc *openapi3.T) {
	item := doc.Paths.Value("/app/installations")
	if item == nil || item.Get == nil {
		return
	}
	media := item.Get.Responses.Status(http.StatusOK).Value.Content.Get("application/json")
	account := media.Schema.Value.Items.Value.Properties["account"].Value
	account.AnyOf, account.AllOf = append(account.AnyOf, account.AllOf...), nil
}

// Checked tells how often each endpoint of the document was checked.
func (c *Contract) Checked() map[string]int { return c.copy(c.checked) }

// Outside tells which endpoints were used that the document does not have.
func (c *Contract) Outside() map[string]int { return c.copy(c.outside) }

func (c *Contract) copy(from map[string]int) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	to := map[string]int{}
	for k, v := range from {
		to[k] = v
	}
	return to
}

func (c *Contract) count(in map[string]int, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in[key]++
}

var manySegments = regexp.MustCompile(`\{(\w+)\.\.\.\}`)

// Check holds one request and its answer against the document. What the
// document does not describe passes. A request that the server refused may be
// wrong: only the answer counts then.
func (c *Contract) Check(r *http.Request, pattern string, vars map[string]string, body []byte, status int, header http.Header, answer []byte) error {
	path := manySegments.ReplaceAllString(pattern, "{$1}")
	item := c.doc.Paths.Value(path)
	if item == nil || item.GetOperation(r.Method) == nil {
		c.count(c.outside, r.Method+" "+path)
		return nil
	}
	c.count(c.checked, r.Method+" "+path)
	if string(bytes.TrimSpace(body)) == "null" {
		body = nil // ghinstallation says so when it has nothing to say
	}
	ctx := context.Background()
	request := r.Clone(ctx)
	request.Body = io.NopCloser(bytes.NewReader(body))
	// go-github calls its JSON by a vendor's name.
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: status < 400, MultiError: true,
	}
	options.WithCustomSchemaErrorFunc(brief)
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: escape(vars), QueryParams: request.URL.Query(),
		Route:   &routers.Route{Spec: c.doc, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)},
		Options: options,
	}
	if status < 400 {
		if err := openapi3filter.ValidateRequest(ctx, input); err != nil {
			return fmt.Errorf("request: %w", err)
		}
		if err := unknownFields(input.Route.Operation, body); err != nil {
			return fmt.Errorf("request: %w", err)
		}
		if err := unknownParameters(item, input.Route.Operation, r.URL.Query()); err != nil {
			return fmt.Errorf("request: %w", err)
		}
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: status, Header: plainJSON(header), Options: input.Options,
		Body: io.NopCloser(bytes.NewReader(answer)),
	}
	if status == http.StatusFound {
		return nil // a redirect has no body to check
	}
	if err := openapi3filter.ValidateResponse(ctx, response); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// brief says where and what, without the whole schema.
func brief(err *openapi3.SchemaError) string {
	value := fmt.Sprintf("%v", err.Value)
	if len(value) > 60 {
		value = value[:60] + "…"
	}
	return fmt.Sprintf("/%s: %s (it is %s)", strings.Join(err.JSONPointer(), "/"), err.Reason, value)
}

func plainJSON(h http.Header) http.Header {
	h = h.Clone()
	if strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		h.Set("Content-Type", "application/json")
	}
	return h
}

func escape(vars map[string]string) map[string]string {
	escaped := map[string]string{}
	for k, v := range vars {
		escaped[k] = url.PathEscape(v)
	}
	return escaped
}

// unknownFields finds misspelt fields, which GitHub ignores without a word.
func unknownFields(op *openapi3.Operation, body []byte) error {
	if op.RequestBody == nil || op.RequestBody.Value == nil || len(body) == 0 {
		return nil
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil || len(media.Schema.Value.Properties) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return fmt.Errorf("is no JSON object: %w", err)
	}
	for name := range fields {
		if media.Schema.Value.Properties[name] == nil {
			return fmt.Errorf("GitHub knows no field %q here", name)
		}
	}
	return nil
}

// unknownParameters finds misspelt query parameters, which GitHub ignores too.
func unknownParameters(item *openapi3.PathItem, op *openapi3.Operation, query url.Values) error {
	var names []string
	for _, list := range []openapi3.Parameters{item.Parameters, op.Parameters} {
		for _, p := range list {
			names = append(names, p.Value.Name)
		}
	}
	for name := range query {
		if !slices.Contains(names, name) {
			return fmt.Errorf("GitHub knows no parameter %q here", name)
		}
	}
	return nil
}
