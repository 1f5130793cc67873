package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/headstart-cd/headstart/web"
)

const descriptionFile = "../docs/api/openapi.yaml"

// The description in the documentation is the one that the server serves.
func TestDescriptionIsWritten(t *testing.T) {
	w := newWorld(t, func(o *web.Options) {
		o.URL = &url.URL{Scheme: "https", Host: "headstart.example.com"}
	})
	got := w.browser().get("/api/openapi.yaml").body
	if *update {
		if err := os.WriteFile(descriptionFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(descriptionFile)
	if err != nil || string(want) != got {
		t.Errorf("%s should be what the server serves: go test ./web -run TestDescriptionIsWritten -update (%v)", descriptionFile, err)
	}
}

// Every operation is called as the description says, and every answer is what the description says.
func TestDescriptionIsTrue(t *testing.T) {
	w := newWorld(t)
	w.tell()
	token := w.browser().signIn("mia").token("commands", "")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(w.browser().get("/api/openapi.json").body))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"owner": "acme", "name": "shop", "sha": "3f2a91c", "stage": "staging", "id": "-7", "command": "/lock production"}
	called := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			address, query, vars := path, url.Values{}, map[string]string{}
			for _, p := range op.Parameters {
				switch {
				case p.Value.In == openapi3.ParameterInPath:
					vars[p.Value.Name] = values[p.Value.Name]
					address = strings.ReplaceAll(address, "{"+p.Value.Name+"}", vars[p.Value.Name])
				case p.Value.Required:
					query.Set(p.Value.Name, values[p.Value.Name])
				}
			}
			sent := ""
			if op.RequestBody != nil {
				sent = `{"command": "/unlock staging", "id": -9}`
			}
			for _, call := range []struct {
				address, token string
				query          url.Values
				want           int
			}{
				{address, token, query, 0}, {address, "", query, 401}, {address, token, url.Values{"no-such": {"x"}}, 422}, {strings.Replace(address, "acme", "nobody", 1), token, query, 404},
			} {
				if call.want == 404 && !strings.Contains(path, "{owner}") {
					continue
				}
				p := w.ask(method, call.address+"?"+call.query.Encode(), call.token, sent)
				if call.want == 0 && p.StatusCode >= 300 || call.want != 0 && p.StatusCode != call.want {
					t.Errorf("%s %s should be answered with %d: %s", method, call.address, call.want, p)
				}
				if err := fits(w, doc, path, vars, p, op, sent); err != nil {
					t.Errorf("%s %s, answered with %d, should be as it is described: %v\n%s", method, call.address, p.StatusCode, err, p.body)
				}
				called++
			}
		}
	}
	if called < 8*4-1 {
		t.Errorf("there should be more operations: %d calls", called)
	}
}

// fits holds a request and its answer against the description.
func fits(w *world, doc *openapi3.T, path string, vars map[string]string, p page, op *openapi3.Operation, sent string) error {
	route := &routers.Route{Spec: doc, Path: path, PathItem: doc.Paths.Value(path), Method: p.Request.Method, Operation: op}
	if op.Responses.Value(fmt.Sprint(p.StatusCode)) == nil && (p.StatusCode < 400 || op.Responses.Default() == nil) {
		return fmt.Errorf("the status %d is not described", p.StatusCode)
	}
	req := p.Request.Clone(w.t.Context())
	req.Body = http.NoBody
	if sent != "" {
		req.Body = io.NopCloser(strings.NewReader(sent))
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: vars, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
	}}
	if p.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(w.t.Context(), in); err != nil {
			return err
		}
	}
	return openapi3filter.ValidateResponse(w.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: p.StatusCode, Header: p.Header, Body: io.NopCloser(strings.NewReader(p.body)),
	})
}
