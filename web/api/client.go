package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client asks a server's API with a token. It is safe for concurrent use.
type Client struct {
	server string
	token  string
	http   *http.Client
}

const (
	// answerWithin bounds one request.
	answerWithin = 30 * time.Second
	// mostAnswer bounds an answer, in bytes.
	mostAnswer = 16 << 20
)

// NewClient returns a client of the server whose pages are at an address: https, or http on this machine, because the
// token goes there.
func NewClient(server, token string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is no address of a server: write https://headstart.example.com", server)
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return nil, fmt.Errorf("%q is not https: everybody on the way could read the token", server)
	}
	return &Client{server: strings.TrimSuffix(u.String(), "/"), token: token, http: &http.Client{
		Timeout:       answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token stays here
	}}, nil
}

// Error is an answer that is a problem, or no answer of the API.
type Error struct {
	Problem
	Temporary bool // the same request may be answered later
}

// Error is the sentence for people.
func (e *Error) Error() string {
	text := e.Detail
	for _, one := range e.Errors {
		text += ": " + strings.TrimSpace(one.Location+" "+one.Message)
	}
	return text
}

// Pipelines lists every pipeline, page by page.
func (c *Client) Pipelines(ctx context.Context) (all []PipelineInList, err error) {
	for after := ""; ; {
		var page PipelineList
		query := url.Values{}
		if after != "" {
			query.Set("after", after)
		}
		if err := c.do(ctx, http.MethodGet, "", query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Pipelines...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

// Pipeline tells where a pipeline stands: OWNER/NAME, or OWNER/NAME:PIPELINE.
func (c *Client) Pipeline(ctx context.Context, name string) (is Pipeline, err error) {
	err = c.do(ctx, http.MethodGet, at(name), nil, nil, &is)
	return is, err
}

// Candidate tells of a commit, by its SHA or the beginning of it.
func (c *Client) Candidate(ctx context.Context, name, sha string) (is Candidate, err error) {
	err = c.do(ctx, http.MethodGet, at(name)+"/candidates/"+url.PathEscape(sha), nil, nil, &is)
	return is, err
}

// Plan tells what a command would do.
func (c *Client) Plan(ctx context.Context, name, command string) (is Plan, err error) {
	err = c.do(ctx, http.MethodGet, at(name)+"/plan", url.Values{"command": {command}}, nil, &is)
	return is, err
}

// Give gives a command. If it has no ID, it gets one, so that it can be sent again when no answer came.
func (c *Client) Give(ctx context.Context, name string, order Order) (is Taken, err error) {
	if order.ID == 0 {
		order.ID = -1 - rand.Int64N(1<<53-1)
	}
	for range 3 {
		err = c.do(ctx, http.MethodPost, at(name)+"/commands", nil, order, &is)
		if problem := new(Error); !errors.As(err, &problem) || problem.Status != 0 {
			break
		}
	}
	return is, err
}

// Command tells what a command was answered.
func (c *Client) Command(ctx context.Context, name string, id int64) (is Command, err error) {
	err = c.do(ctx, http.MethodGet, fmt.Sprintf("%s/commands/%d", at(name), id), nil, nil, &is)
	return is, err
}

// at is the path of a pipeline.
func at(name string) string {
	owner, name, _ := strings.Cut(name, "/")
	return "/" + url.PathEscape(owner) + "/" + url.PathEscape(name)
}

// do makes a request. Its errors are of type Error.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, sent, into any) error {
	var body io.Reader
	if sent != nil {
		data, err := json.Marshal(sent)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	address := c.server + "/api/v1/pipelines" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("User-Agent", "headstart")
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return &Error{Problem{Detail: fmt.Sprintf("The server does not answer: %v.", errors.Unwrap(err))}, true}
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return &Error{Problem{Detail: fmt.Sprintf("The server's answer broke off: %v.", err)}, true}
	}
	if res.StatusCode >= 300 {
		problem := &Error{Temporary: res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests}
		if json.Unmarshal(data, &problem.Problem) != nil || problem.Detail == "" {
			problem.Detail = fmt.Sprintf("%s answered %s, and is no API of Headstart: check the address.", c.server, res.Status)
		}
		problem.Status = res.StatusCode
		return problem
	}
	if err := json.Unmarshal(data, into); err != nil {
		return &Error{Problem{Status: res.StatusCode, Detail: fmt.Sprintf("%s is no API of Headstart: check the address.", c.server)}, false}
	}
	return nil
}
