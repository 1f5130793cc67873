package render

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// row is a line of the comment's table, escaped for it. A row without a state is left out.
type row struct{ step, state, version, took, link string }

// table renders the rows, without empty columns.
func table(rows []row) string {
	columns := []struct {
		name string
		of   func(row) string
	}{
		{"step", func(r row) string { return r.step }},
		{"state", func(r row) string { return r.state }},
		{"version", func(r row) string { return r.version }},
		{"took", func(r row) string { return r.took }},
		{"link", func(r row) string { return r.link }},
	}
	var head, line strings.Builder
	cells := make([]strings.Builder, len(rows))
	for _, column := range columns {
		empty := true
		for _, r := range rows {
			empty = empty && (r.state == "" || column.of(r) == "")
		}
		if empty {
			continue
		}
		fmt.Fprintf(&head, "| %s ", column.name)
		line.WriteString("| --- ")
		for i, r := range rows {
			fmt.Fprintf(&cells[i], "| %s ", column.of(r))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s|\n%s|\n", head.String(), line.String())
	for i, r := range rows {
		if r.state != "" {
			fmt.Fprintf(&b, "%s|\n", cells[i].String())
		}
	}
	return b.String()
}

// commitRef names a candidate as GitHub links it: a bare SHA links to the commit, a bare number to the pull request.
func commitRef(c *pipeline.Candidate) string {
	if c.Pull != 0 {
		return fmt.Sprintf("%s (#%d)", bot.Short(c.SHA), c.Pull)
	}
	return bot.Short(c.SHA)
}
