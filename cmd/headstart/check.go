package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

type checkCommand struct {
	Files  []string `arg:"" optional:"" name:"file" help:"Pipelines' files; - is standard input (default: .github/headstart.yml)."`
	Repo   string   `placeholder:"OWNER/NAME" help:"The repository that the files are for, to find needs that would wait for themselves."`
	Format string   `enum:"text,json,github" default:"text" help:"How to say it: text, json, or github for annotations of a workflow."`
	JSON   bool     `name:"json" help:"The same as --format json."`
}

// checked is what came of one file.
type checked struct {
	name      string
	pipelines map[string]bot.Config // nil: it is not valid
	problems  *config.Error         // nil: it is valid, or could not be read
	err       error                 // why it could not be read
}

// Run validates the files and says what they mean, or every problem with file, line and
// column. It fails with [errInvalidFile] if one of them is not valid.
func (cmd checkCommand) Run(c console) error {
	var repo bot.Repo
	if cmd.Repo != "" {
		var err error
		if repo, err = bot.ParseRepo(cmd.Repo); err != nil {
			return &usageError{err}
		}
	}
	if len(cmd.Files) == 0 {
		cmd.Files = []string{config.Path}
	}
	var list []checked
	for _, name := range cmd.Files {
		list = append(list, checkFile(name, repo, c.in))
	}
	say := printChecked
	switch {
	case cmd.JSON || cmd.Format == "json":
		say = printCheckedJSON
	case cmd.Format == "github":
		say = printAnnotations
	}
	if err := say(c, list); err != nil {
		return err
	}
	return verdict(list)
}

// checkFile reads one file.
func checkFile(name string, repo bot.Repo, in io.Reader) checked {
	is := checked{name: name}
	var file []byte
	if name == "-" {
		is.name = "standard input"
		file, is.err = io.ReadAll(io.LimitReader(in, 1<<20))
	} else {
		file, is.err = os.ReadFile(name)
	}
	if errors.Is(is.err, fs.ErrNotExist) {
		is.err = fmt.Errorf("%s does not exist: name the file, or call this in a repository that has %s", name, config.Path)
	}
	if is.err != nil {
		return is
	}
	pipelines, err := config.ParseOf(repo, file, is.name)
	if !errors.As(err, &is.problems) {
		is.pipelines, is.err = pipelines, err
	}
	return is
}

// verdict is the error of the whole call: of files that are not valid, else of those that
// could not be read.
func verdict(list []checked) error {
	var unread []error
	invalid := error(nil)
	for _, is := range list {
		if is.err != nil {
			unread = append(unread, is.err)
		}
		if is.problems != nil && invalid == nil {
			invalid = fmt.Errorf("%s is %w", is.name, errInvalidFile)
		} else if is.problems != nil {
			invalid = fmt.Errorf("several files are %w", errInvalidFile)
		}
	}
	return errors.Join(append(unread, invalid)...)
}
