package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

type checkCommand struct {
	File string `arg:"" optional:"" default:".github/headstart.yml" help:"The pipeline's file (default: ${default})."`
	Repo string `placeholder:"OWNER/NAME" help:"The repository that the file is for, to find needs that would wait for themselves."`
}

// Run validates the file and prints what it means. Its error names every
// problem with file, line and column.
func (cmd checkCommand) Run(c console) error {
	var repo bot.Repo
	if cmd.Repo != "" {
		var err error
		if repo, err = bot.ParseRepo(cmd.Repo); err != nil {
			return err
		}
	}
	file, err := os.ReadFile(cmd.File)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist: name the file, or call this in a repository that has %s", cmd.File, config.Path)
	}
	if err != nil {
		return err
	}
	pipelines, err := config.ParseOf(repo, file, cmd.File)
	if err != nil {
		var problems *config.Error
		if errors.As(err, &problems) {
			fmt.Fprintln(c.err, problems.Detail())
			return fmt.Errorf("%s is not valid", cmd.File)
		}
		return err
	}
	_, err = fmt.Fprint(c.out, config.ExplainAll(pipelines)+mayBeRequired(pipelines))
	return err
}

// mayBeRequired says which of Headstart's statuses GitHub may require before a merge.
func mayBeRequired(pipelines map[string]bot.Config) string {
	var may, not []string
	for _, name := range slices.Sorted(maps.Keys(pipelines)) {
		prefix := "headstart/"
		if name != "" {
			prefix += name + "/"
		}
		may = append(may, prefix+"build")
		for _, stage := range pipelines[name].StageNames() {
			not = append(not, prefix+stage)
		}
	}
	return fmt.Sprintf("\nGitHub may require %s before a merge. Do not require %s:\nHeadstart sets them only after the merge, so nothing could be merged.\n",
		strings.Join(may, ", "), strings.Join(not, ", "))
}
