package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/headstart-cd/headstart/bot"
)

// GitHub makes tarballs with git archive. Where the commit's .gitattributes gives a file the attribute export-subst,
// git writes the commit's SHA, author and date into that file. So two commits with the same tree have different sources
// (git-scm.com/docs/gitattributes, "Creating an archive"). The tarball does not show that, because export-ignore may
// keep .gitattributes out of it.

const (
	attributesFile = ".gitattributes"
	// mostAttributes bounds how many different .gitattributes of a tree are read, each once.
	mostAttributes = 30
	// mostFolders bounds how many folders are listed where GitHub does not list a whole tree.
	mostFolders = 30
)

// readSource reads whether a commit's tarball depends on the files of its tree alone. It does if no .gitattributes, in
// any folder, can give a file export-subst. A tree too large for GitHub to list counts as one with such a file.
func (r repository) readSource(ctx context.Context, do bot.ReadSource) (bot.SourceRead, error) {
	if !isSHA(do.SHA) || !isSHA(do.Tree) {
		return bot.SourceRead{}, &bot.Refused{Reason: fmt.Sprintf("%q is no tree of a commit.", line(do.Tree, 60))}
	}
	of, known := r.trees.get(do.Tree)
	if known {
		return bot.SourceRead{Of: of}, nil
	}
	blobs, complete, err := r.attributesOf(ctx, do.Tree)
	if refused := new(bot.Refused); errors.As(err, &refused) { // GitHub may know the commit before its tree
		blobs, complete, err = r.walkForAttributes(ctx, do.SHA)
	}
	if err != nil {
		return bot.SourceRead{}, err
	}
	of = bot.SourceOfTree
	if !complete || len(blobs) > mostAttributes {
		of = bot.SourceOfCommit
	}
	for i := 0; of == bot.SourceOfTree && i < len(blobs); i++ {
		if of, err = r.sourceBy(ctx, blobs[i]); err != nil {
			return bot.SourceRead{}, err
		}
	}
	r.trees.put(do.Tree, of)
	return bot.SourceRead{Of: of}, nil
}

// entry is a file or folder of a tree, as two of GitHub's endpoints list it.
type entry struct {
	Path, Type, SHA string
}

func (e entry) isAttributes() bool {
	return path.Base(e.Path) == attributesFile && e.Type != "tree" && e.Type != "dir"
}

// attributesOf lists the contents of every .gitattributes of a tree, once each.
func (r repository) attributesOf(ctx context.Context, tree string) (blobs []string, complete bool, err error) {
	var listed struct {
		Tree      []entry
		Truncated bool
	}
	a := ask{what: fmt.Sprintf("list the files of %s", r.repo), needs: "Contents: read"}
	if err := r.get(ctx, a, "git/trees/"+tree+"?recursive=1", &listed); err != nil {
		return nil, false, err
	}
	return addAttributes(nil, listed.Tree), !listed.Truncated, nil
}

// walkForAttributes is attributesOf folder by folder, for at most mostFolders.
func (r repository) walkForAttributes(ctx context.Context, sha string) (blobs []string, complete bool, err error) {
	folders := []string{""}
	for n := 0; n < len(folders); n++ {
		if n == mostFolders {
			return nil, false, nil
		}
		var listed []entry
		a := ask{what: fmt.Sprintf("list the files of %s at %s", r.repo, bot.Short(sha)), needs: "Contents: read"}
		place := "contents" + (&url.URL{Path: folders[n]}).EscapedPath() + "?ref=" + sha
		if err := r.get(ctx, a, place, &listed); err != nil {
			return nil, false, err
		}
		if len(listed) >= mostListed {
			return nil, false, nil
		}
		blobs = addAttributes(blobs, listed)
		for _, e := range listed {
			if e.Type == "dir" {
				folders = append(folders, "/"+e.Path)
			}
		}
	}
	return blobs, true, nil
}

func addAttributes(blobs []string, listed []entry) []string {
	for _, e := range listed {
		if e.isAttributes() && !slices.Contains(blobs, e.SHA) {
			blobs = append(blobs, e.SHA)
		}
	}
	return blobs
}

// sourceBy returns what sources depend on by one .gitattributes.
func (r repository) sourceBy(ctx context.Context, blob string) (bot.SourceOf, error) {
	if known, ok := r.attributes.get(blob); ok {
		return known, nil
	}
	if !isSHA(blob) {
		return bot.SourceOfCommit, nil
	}
	var content []byte
	a := ask{what: fmt.Sprintf("read %s of %s", attributesFile, r.repo), needs: "Contents: read"}
	err := a.do(ctx, func(ctx context.Context) (err error) {
		content, _, err = r.api.Git.GetBlobRaw(ctx, r.repo.Owner, r.repo.Name, blob)
		return err
	})
	if err != nil {
		return "", err
	}
	of := bot.SourceOfTree
	if substitutes(content) {
		of = bot.SourceOfCommit
	}
	r.attributes.put(blob, of)
	return of, nil
}

// substitutes reports whether a .gitattributes may give a file export-subst. It ignores whether another line revokes
// it, its pattern matches a file, or a macro is used: a wrong yes only costs a build.
func substitutes(attributes []byte) bool {
	for l := range bytes.Lines(attributes) {
		fields := strings.Fields(string(l))
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		for _, f := range fields[1:] { // the first is the pattern, or the name of a macro
			if name, _, _ := strings.Cut(f, "="); name == "export-subst" {
				return true
			}
		}
	}
	return false
}

// remembered caches facts about the contents of SHAs, which never change.
type remembered struct {
	mu    sync.Mutex
	known map[string]bot.SourceOf // guarded by mu
}

// mostRemembered bounds the cache; above it all is dropped.
const mostRemembered = 1000

func (m *remembered) get(sha string) (answer bot.SourceOf, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer, ok = m.known[sha]
	return answer, ok
}

func (m *remembered) put(sha string, answer bot.SourceOf) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= mostRemembered {
		m.known = map[string]bot.SourceOf{}
	}
	m.known[sha] = answer
}
