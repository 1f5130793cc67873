package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

const descriptionPath = "/api/openapi"

// apiConfig is what the description says of the API as a whole.
func apiConfig(server string) huma.Config {
	config := huma.DefaultConfig("Headstart", "1")
	config.CreateHooks, config.DocsPath, config.SchemasPath, config.OpenAPIPath = nil, "", "", descriptionPath
	config.RejectUnknownQueryParameters = true
	config.Info.Description = "What Headstart's pages tell, as JSON, and the commands of comments. People make tokens at /tokens. " +
		"Errors are RFC 9457 problems; their detail is a sentence for people."
	config.Servers = []*huma.Server{{URL: server}}
	config.Security = []map[string][]string{{"token": {}}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "A token of /tokens."}}
	return config
}

// describe adds every operation.
func (s *site) describe(to huma.API) {
	get(to, s, "list-pipelines", "", "List the pipelines that you see", s.apiPipelines)
	const one = "/{owner}/{name}"
	get(to, s, "get-pipeline", one, "Where a pipeline stands: stages, locks, and what is on its way", s.apiPipeline)
	get(to, s, "get-candidate", one+"/candidates/{sha}", "A commit on its way, or at its end", s.apiCandidate)
	get(to, s, "get-stage", one+"/stages/{stage}", "What a stage runs, and what it ran before", s.apiStage)
	get(to, s, "list-audit", one+"/audit", "The commands that a pipeline was given", s.apiAudit)
	get(to, s, "plan-command", one+"/plan", "What a command would do now", s.apiPlan)
	get(to, s, "get-command", one+"/commands/{id}", "A command that was given, and its answer", s.apiAsked)
	op := operation(http.MethodPost, "give-command", one+"/commands", "Give a command", http.StatusForbidden, http.StatusConflict)
	op.DefaultStatus, op.MaxBodyBytes = http.StatusAccepted, mostForm
	op.Description = "It is carried out by the rights that GitHub gives you at that moment. The answer is where the answer says."
	register(to, s, op, s.apiCommand)
}

// operation is one of the API. Its errors are those of every operation, and some of its own.
func operation(method, id, path, summary string, errors ...int) huma.Operation {
	return huma.Operation{
		Method: method, OperationID: id, Path: apiPath + "/pipelines" + path, Summary: summary,
		Errors: append([]int{http.StatusUnauthorized, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}, errors...),
	}
}

func get[In, Out any](to huma.API, s *site, id, path, summary string, serve func(context.Context, *In) (*Out, error)) {
	register(to, s, operation(http.MethodGet, id, path, summary), serve)
}

// register adds an operation, whose errors become answers.
func register[In, Out any](to huma.API, s *site, op huma.Operation, serve func(context.Context, *In) (*Out, error)) {
	huma.Register(to, op, func(ctx context.Context, in *In) (*Out, error) {
		out, err := serve(ctx, in)
		if err != nil {
			return nil, s.apiTrouble(err)
		}
		return out, nil
	})
}

// body is an answer that has nothing but a body.
type body[T any] struct{ Body T }
