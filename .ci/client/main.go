// Command client drives commands through a client that nobody wrote: oapi-codegen makes it from docs/api/openapi.yaml,
// as client.gen.go beside this file. TestAnotherClient of package web does both; it is part of .ci/nightly.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
)

func main() {
	if err := drive(context.Background(), os.Getenv("HEADSTART_SERVER"), os.Getenv("HEADSTART_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// drive reads what there is, plans a lock, locks, is refused what has moved, and reads the audit.
func drive(ctx context.Context, server, token string) error {
	signed := WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Header.Set("Authorization", "Bearer "+token)
		return nil
	})
	c, err := NewClientWithResponses(server, signed)
	if err != nil {
		return err
	}
	list, err := c.ListPipelinesWithResponse(ctx, &ListPipelinesParams{})
	if err != nil || list.JSON200 == nil || len(list.JSON200.Pipelines) == 0 {
		return fmt.Errorf("list pipelines: %v, %s", err, list.Body)
	}
	pipeline, err := c.GetPipelineWithResponse(ctx, "acme", "shop")
	if err != nil || pipeline.JSON200 == nil || len(pipeline.JSON200.Stages) != 2 {
		return fmt.Errorf("read a pipeline: %v, %s", err, pipeline.Body)
	}
	plan, err := c.PlanCommandWithResponse(ctx, "acme", "shop", &PlanCommandParams{Command: "/lock production the till is closed"})
	if err != nil || plan.JSON200 == nil || !plan.JSON200.Ok {
		return fmt.Errorf("plan a lock: %v, %s", err, plan.Body)
	}
	if err := give(ctx, c, Order{Command: plan.JSON200.Command, Seen: &plan.JSON200.Seen}, CommandStateDone); err != nil {
		return err
	}
	unlock, err := c.PlanCommandWithResponse(ctx, "acme", "shop", &PlanCommandParams{Command: "/unlock production"})
	if err != nil || unlock.JSON200 == nil {
		return fmt.Errorf("plan to unlock: %v, %s", err, unlock.Body)
	}
	for i, want := range []CommandState{CommandStateDone, CommandStateRefused} { // the second time it is not locked any more
		if err := give(ctx, c, Order{Command: "/unlock production", Seen: &unlock.JSON200.Seen}, want); err != nil {
			return fmt.Errorf("unlock, time %d: %w", i+1, err)
		}
	}
	audit, err := c.ListAuditWithResponse(ctx, "acme", "shop", &ListAuditParams{})
	if err != nil || audit.JSON200 == nil || len(audit.JSON200.Rows) < 3 || audit.JSON200.Rows[0].Via != "api" {
		return fmt.Errorf("read the audit: %v, %s", err, audit.Body)
	}
	missing, err := c.GetPipelineWithResponse(ctx, "no", "such")
	if err != nil || missing.StatusCode() != http.StatusNotFound || missing.ApplicationproblemJSON404 == nil || missing.ApplicationproblemJSON404.Detail == nil {
		return fmt.Errorf("what does not exist should be a problem: %v, %s", err, missing.Body)
	}
	fmt.Println("driven")
	return nil
}

// give gives a command, and checks what became of it.
func give(ctx context.Context, c *ClientWithResponses, order Order, want CommandState) error {
	taken, err := c.GiveCommandWithResponse(ctx, "acme", "shop", order)
	if err != nil || taken.JSON202 == nil {
		return fmt.Errorf("give %s: %v, %s", order.Command, err, taken.Body)
	}
	is, err := c.GetCommandWithResponse(ctx, "acme", "shop", taken.JSON202.Id)
	if err != nil || is.JSON200 == nil || is.JSON200.State != want {
		return fmt.Errorf("%s should be %s: %v, %s", order.Command, want, err, is.Body)
	}
	return nil
}
