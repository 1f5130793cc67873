package web

import (
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/history"
)

// processPage is the pipeline's file in words, and how it changed.
type processPage struct {
	Key, Path string
	Words     string // of the file in force; empty: there is none
	File      commit // from which it was read; zero: unknown
	Versions  []versionRow
}

// versionRow is a version of the file.
type versionRow struct {
	Commit commit
	At     moment
	Lines  []changedLine // none: it is the oldest one that is kept
	First  bool
}

// changedLine is a line of the file's words that came or went.
type changedLine struct {
	Came bool
	Text string
}

const versionsOnPage = 50

func (s *site) process(v *visit) (answer, error) {
	r, err := s.reading(v.Context(), v.key, v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if r == nil {
		return notFound, nil
	}
	page := processPage{Key: v.key.String(), Path: pathOf(v.key)}
	if r.view.State.Configured {
		page.Words = s.explain(r.view.State.Config)
		if isSHA.MatchString(r.view.State.ConfigRef) {
			page.File = r.commit(r.view.State.ConfigRef)
		}
	}
	list, err := s.history.Versions(v.Context(), v.key, versionsOnPage+1)
	if err != nil {
		return answer{}, err
	}
	for i, p := range list {
		if i == versionsOnPage {
			break
		}
		row := versionRow{Commit: r.commit(p.SHA), At: momentOf(p.At, r.view.Now)}
		if i+1 < len(list) {
			row.Lines = s.difference(list[i+1], p)
		} else {
			row.First = true
		}
		page.Versions = append(page.Versions, row)
	}
	return answer{page: "process", title: "Process · " + page.Key, data: page}, nil
}

// difference lists the lines of the file's words that the newer version has anew, and those that it has no more.
func (s *site) difference(older, newer history.Process) (lines []changedLine) {
	before, after := strings.Split(s.explain(older.Config), "\n"), strings.Split(s.explain(newer.Config), "\n")
	for _, line := range before {
		if !slices.Contains(after, line) {
			lines = append(lines, changedLine{Text: strings.TrimSpace(line)})
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			lines = append(lines, changedLine{Came: true, Text: strings.TrimSpace(line)})
		}
	}
	return lines
}
