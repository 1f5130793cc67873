package githubtest_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// A browser that is signed in finds small pages behind the links to commits and pull
// requests; anybody else finds nothing.
func TestPages(t *testing.T) {
	gh, err := githubtest.New(githubtest.Options{Pages: true})
	if err != nil {
		t.Fatal(err)
	}
	defer gh.Close()
	shop, err := gh.CreateRepo("acme/shop", githubtest.RepoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := shop.Commit("main", map[string]string{"main.go": "package main\n"})
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.SetStatus(first.SHA, githubtest.Status{Context: "headstart/build", State: "success", Description: "Built in 5 s", TargetURL: "http://127.0.0.1/output"}); err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Push("greet", githubtest.Change{Files: map[string]string{"a.txt": "a"}, Message: "Greet"}); err != nil {
		t.Fatal(err)
	}
	pull, err := shop.OpenPull(githubtest.PullOptions{Head: "greet", Title: "Greet <them>"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Comment(pull.Number(), "ada", "**Fine** <script>alert(1)</script>"); err != nil {
		t.Fatal(err)
	}
	link := gh.SignInLink("mia", gh.URL()+"/acme/shop")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	get := func(client *http.Client, address string) (int, string) {
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	mia := &http.Client{Jar: jar}
	if status, _ := get(mia, gh.URL()+"/acme/shop/commit/"+first.SHA); status != http.StatusNotFound {
		t.Errorf("who is not signed in should find nothing, got %d", status)
	}
	res, err := mia.Post(link, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	for path, wants := range map[string][]string{
		"/acme/shop":                     {first.SHA[:7], "#1", "Greet &lt;them&gt;"},
		"/acme/shop/commit/" + first.SHA: {"headstart/build", "Built in 5 s", "main.go", "http://127.0.0.1/output"},
		"/acme/shop/pull/1":              {"Greet &lt;them&gt; #1", "<strong>Fine</strong>", "ada", "from greet to main"},
	} {
		status, body := get(mia, gh.URL()+path)
		if status != http.StatusOK || strings.Contains(body, "<script") {
			t.Errorf("%s should be a page without a script, got %d:\n%s", path, status, body)
		}
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s should show %q:\n%s", path, want, body)
			}
		}
	}
	for _, path := range []string{"/acme/none", "/acme/shop/commit/" + strings.Repeat("0", 40), "/acme/shop/pull/9"} {
		if status, _ := get(mia, gh.URL()+path); status != http.StatusNotFound {
			t.Errorf("%s should not be there, got %d", path, status)
		}
	}
}
