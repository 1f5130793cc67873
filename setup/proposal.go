package setup

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// proposal is what a pipeline on Heroku becomes.
type proposal struct {
	File  string // .github/headstart.yml
	Allow string // HEADSTART_ALLOW
	// Missing says that there is no app that only builds, and how to make one; empty: there is one.
	Missing []string
}

// notInNames is what an app's name has not.
var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// embedded are the apps of a repository on the embedded platform, which come to be with their first release.
func embedded(repo Repository) Pipeline {
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(repo.Name.Name), "-"), "-")
	return Pipeline{Embedded: true, Apps: []StagedApp{{name + "-prepare", "development"}, {name + "-staging", "staging"}, {name + "-production", "production"}}}
}

// propose makes a pipeline's file of a repository and its apps on Heroku: apps of the stage development build, the others
// are released to, in their order.
func propose(repo Repository, p Pipeline) proposal {
	var prepare, apps []string
	var stages []StagedApp
	for _, a := range p.Apps {
		apps = append(apps, a.Name)
		if a.Stage == "development" {
			prepare = append(prepare, a.Name)
		} else {
			stages = append(stages, a)
		}
	}
	var is proposal
	var file strings.Builder
	if len(prepare) == 0 {
		name := PrepareName(p)
		prepare, apps = []string{name}, append(apps, name)
		is.Missing = append(is.Missing,
			"heroku apps:create "+name+" --no-remote",
			fmt.Sprintf("heroku pipelines:add %s -a %s -s development", p.Name, name))
	}
	if p.Embedded {
		file.WriteString("platform: local\nbuild: \"true\" # the command that builds the app; true builds nothing\n")
	}
	if len(prepare) == 1 {
		fmt.Fprintf(&file, "prepare: %s\n", prepare[0])
	} else {
		fmt.Fprintf(&file, "prepare: [%s]\n", strings.Join(prepare, ", "))
	}
	file.WriteString("stages:\n")
	for i := 0; i < len(stages); {
		name, list := stages[i].Stage, []string{}
		for ; i < len(stages) && stages[i].Stage == name; i++ {
			list = append(list, stages[i].Name)
		}
		fmt.Fprintf(&file, "  - name: %s\n", name)
		if len(list) == 1 {
			fmt.Fprintf(&file, "    app: %s\n", list[0])
		} else {
			fmt.Fprintf(&file, "    apps: [%s]\n", strings.Join(list, ", "))
		}
	}
	is.File = file.String()
	is.Allow = repo.Name.String() + "=" + strings.Join(apps, ",")
	return is
}

// PrepareName is a free name for an app that only builds.
func PrepareName(p Pipeline) string {
	name := p.Name + "-prepare"
	if len(name) > 30 { // Heroku's limit
		name = name[:22] + "-prepare"
	}
	return strings.ReplaceAll(name, "--", "-")
}

// editorAddress is GitHub's editor with the pipeline's file filled in; the person chooses "Propose changes" there.
func editorAddress(github string, repo Repository, file string) string {
	path := "/" + url.PathEscape(repo.Name.Owner) + "/" + url.PathEscape(repo.Name.Name) + "/new/" + url.PathEscape(repo.Branch)
	return github + path + "?" + url.Values{"filename": {".github/headstart.yml"}, "value": {file}}.Encode()
}
