package contract_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest/contract"
)

const status = `{"url":"https://x/1","avatar_url":null,"id":1,"node_id":"a","state":"success","description":null,"target_url":null,` +
	`"context":"c","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","creator":null}`

func TestCheckFindsWhatBreaksTheContract(t *testing.T) {
	c, err := contract.Load("../testdata/github-openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := contract.Load("../testdata/github-openapi.json"); err != nil || again != c {
		t.Errorf("the second Load reads the document again (%v)", err)
	}
	const endpoint = "POST /repos/{owner}/{repo}/statuses/{sha}"
	checked, outside := c.Checked()[endpoint], c.Outside()["GET /nothing"] // documents are shared by the whole process
	vars := map[string]string{"owner": "acme", "repo": "shop", "sha": "abc"}
	for name, test := range map[string]struct {
		query, body, answer string
		status              int
		want                string
	}{
		"good":              {"", `{"state":"success"}`, status, 201, ""},
		"bad state":         {"", `{"state":"great"}`, status, 201, "/state"},
		"no state":          {"", `{}`, status, 201, "state"},
		"misspelt field":    {"", `{"state":"success","desc":"x"}`, status, 201, `"desc"`},
		"unknown parameter": {"?page_size=3", `{"state":"success"}`, status, 201, `"page_size"`},
		"bad answer":        {"", `{"state":"success"}`, `{"id":1}`, 201, "answer"},
		"wrong status":      {"", `{"state":"success"}`, status, 200, "status"},
		"refused":           {"", `{"state":"great"}`, `{"message":"Validation Failed"}`, 422, ""},
	} {
		r := httptest.NewRequest(http.MethodPost, "/repos/acme/shop/statuses/abc"+test.query, nil)
		header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		err := c.Check(r, "/repos/{owner}/{repo}/statuses/{sha}", vars, []byte(test.body), test.status, header, []byte(test.answer))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/nothing", nil)
	if err := c.Check(r, "/nothing", nil, nil, 200, nil, nil); err != nil || c.Outside()["GET /nothing"] != outside+1 {
		t.Errorf("what the document does not have: %v, %v", err, c.Outside())
	}
	if c.Checked()[endpoint] != checked+8 {
		t.Errorf("checked: %v", c.Checked())
	}
	if _, err := contract.Load("nothing.json"); err == nil {
		t.Error("a document that is not there was loaded")
	}
}
