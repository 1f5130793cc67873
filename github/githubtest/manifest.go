package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// GitHub's page that makes an App of a manifest: docs.github.com, "Registering a GitHub App from a manifest". The
// stand-in has one App; what the manifest says of its webhooks holds from then on.

var manifestRoutes = []route{
	{"POST", "/settings/apps/new", byAnybody, "", makeApp},
	{"POST", "/organizations/{org}/settings/apps/new", byAnybody, "", makeApp},
}

// makeApp sends the person back with a code, or says what is wrong with the manifest.
func makeApp(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return page404("The form cannot be read.")
	}
	var m struct {
		Name, URL string
		Hook      map[string]any    `json:"hook_attributes"`
		Redirect  string            `json:"redirect_url"`
		Callbacks []string          `json:"callback_urls"`
		Wants     map[string]string `json:"default_permissions"`
		Events    []string          `json:"default_events"`
	}
	if err := json.Unmarshal([]byte(form.Get("manifest")), &m); err != nil {
		return manifestError("the manifest is no JSON: " + err.Error())
	}
	back, err := url.Parse(m.Redirect)
	hook, _ := m.Hook["url"].(string)
	switch {
	case m.Name == "" || len(m.Name) > 34:
		return manifestError("name: is missing, or longer than 34 characters")
	case m.URL == "":
		return manifestError("url: is missing")
	case m.Hook["secret"] != nil:
		return manifestError("hook_attributes: secret is not a permitted key")
	case !strings.HasPrefix(hook, "https://"):
		return manifestError("hook_attributes: url must be https")
	case err != nil || back.Host == "":
		return manifestError("redirect_url: is no URL")
	case m.Wants["metadata"] != "read":
		return manifestError("default_permissions: metadata must be read")
	}
	for _, event := range m.Events {
		if event == "issue_comment" && m.Wants["issues"] == "" {
			return manifestError("default_events: issue_comment needs the permission issues")
		}
	}
	secret, err := secretOf("", 20)
	if err != nil {
		return broken(err)
	}
	code, err := c.manifestCode()
	if err != nil {
		return broken(err)
	}
	c.callbacks, c.opts.Permissions, c.opts.Events = m.Callbacks, m.Wants, m.Events
	c.setWebhook(hook, secret)
	q := back.Query()
	q.Set("code", code)
	q.Set("state", c.query.Get("state"))
	back.RawQuery = q.Encode()
	return answer{status: http.StatusFound, header: http.Header{"Location": {back.String()}}}
}

// manifestError is GitHub's page about a manifest that it does not take.
func manifestError(text string) answer {
	a := page404(fmt.Sprintf("Invalid GitHub App configuration: %s", text))
	a.status = http.StatusUnprocessableEntity
	return a
}
