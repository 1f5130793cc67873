package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/store"
)

// deliveriesCommand says how many webhooks came of each event, and lists those
// that were acknowledged, with what became of them, also while the server runs.
type deliveriesCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	All         bool   `help:"Include processed and pending deliveries."`
	Limit       int    `default:"50" placeholder:"N" help:"List at most N, newest first (default: ${default})."`
}

// Run lists them.
func (c *deliveriesCommand) Run(ctx context.Context, out console) error {
	if c.Limit < 1 {
		return usage("--limit %d is no number of deliveries: write 1 or more", c.Limit)
	}
	filter := store.Filter{Limit: c.Limit}
	if failed := store.Failed; !c.All {
		filter.Outcome = &failed
	}
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		list, err := db.Deliveries(ctx, filter)
		if err == nil {
			err = printCounts(ctx, out.out, db)
		}
		switch {
		case err != nil:
			return err
		case len(list) == 0 && c.All:
			fmt.Fprintln(out.out, "There was no delivery in the last seven days.")
			return nil
		case len(list) == 0:
			fmt.Fprintln(out.out, "No delivery of the last seven days has failed.")
			return nil
		}
		table := tabwriter.NewWriter(out.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "RECEIVED\tEVENT\tDELIVERY\tATTEMPTS\tWHAT BECAME OF IT")
		for _, d := range list {
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", d.ReceivedAt.UTC().Format(time.RFC3339), oneLine(d.Event), oneLine(d.GUID), d.Attempts, became(d))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if !c.All {
			fmt.Fprintln(out.out, "\nTo have one processed once more, redeliver it by its id: in the GitHub App's settings, under Advanced.")
		}
		return nil
	})
}

// printCounts says how many webhooks came of each event, and when the last one did.
func printCounts(ctx context.Context, out io.Writer, db *store.Operator) error {
	counts, err := db.Counts(ctx)
	if err != nil || len(counts) == 0 {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "EVENT\tCAME IN 7 DAYS\tTHE LAST ONE")
	for _, c := range counts {
		fmt.Fprintf(table, "%s\t%d\t%s\n", oneLine(c.Event), c.Total, c.Last.UTC().Format(time.RFC3339))
	}
	fmt.Fprintln(table)
	return table.Flush()
}

// became says what became of a delivery.
func became(d store.Delivery) string {
	reason := ""
	if d.Reason != "" {
		reason = ": " + redact.Redact(oneLine(d.Reason))
	}
	switch d.Outcome {
	case store.Waiting:
		return "waits" + reason
	case store.Processed:
		return "processed " + d.ProcessedAt.UTC().Format(time.RFC3339)
	}
	return string(d.Outcome) + reason
}

// oneLine keeps what came from outside in its cell.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
