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
//
// It has an empty folder for each submodule. A file in Git LFS is a pointer in it, unless the repository's settings
// include LFS objects in archives, which the API does not tell (docs.github.com, "Managing Git LFS objects in archives
// of your repository").

const (
	attributesFile = ".gitattributes"
	// mostAttributes bounds how many different .gitattributes of a tree are read, each once.
	mostAttributes = 30
	// mostFolders bounds how many folders are listed where GitHub does not list a whole tree.
	mostFolders = 30
)

// readSource reads whether a commit's tarball depends on the files of its tree alone, and what of the tree it lacks. It
// depends on them alone if no .gitattributes, in any folder, can give a file export-subst. A tree too large for GitHub
// to list counts as one with such a file, and as one that lacks nothing.
func (r repository) readSource(ctx context.Context, do bot.ReadSource) (bot.SourceRead, error) {
	if !isSHA(do.SHA) || !isSHA(do.Tree) {
		return bot.SourceRead{}, &bot.Refused{Reason: fmt.Sprintf("%q is no tree of a commit.", line(do.Tree, 60))}
	}
	if read, known := r.trees.get(do.Tree); known {
		return read, nil
	}
	files, complete, err := r.list(ctx, do.Tree)
	if refused := new(bot.Refused); errors.As(err, &refused) { // GitHub may know the commit before its tree
		files, complete, err = r.walk(ctx, do.SHA)
	}
	if err != nil {
		return bot.SourceRead{}, err
	}
	read, absent := bot.SourceRead{Of: bot.SourceOfTree}, bot.Absent{Submodules: submodules(files)}
	blobs := map[string]bool{}
	for _, e := range files {
		if !e.isAttributes() {
			continue
		}
		if blobs[e.SHA] = true; !complete || len(blobs) > mostAttributes {
			break
		}
		of, err := r.attributesOf(ctx, e.SHA)
		if err != nil {
			return bot.SourceRead{}, err
		}
		if of.substitutes {
			read.Of = bot.SourceOfCommit
		}
		absent.LFS = append(absent.LFS, matching(of.lfs, path.Dir(e.Path), files)...)
	}
	if !complete || len(blobs) > mostAttributes {
		read.Of = bot.SourceOfCommit
	}
	slices.Sort(absent.LFS)
	absent.LFS = few(slices.Compact(absent.LFS))
	if len(absent.Submodules)+len(absent.LFS) > 0 {
		read.Absent = &absent
	}
	r.trees.put(do.Tree, read)
	return read, nil
}

// entry is a file, a folder or a submodule of a tree, as two of GitHub's endpoints list it.
type entry struct {
	Path, Type, SHA string
}

func (e entry) isFile() bool { return e.Type == "blob" || e.Type == "file" }

func (e entry) isAttributes() bool {
	return path.Base(e.Path) == attributesFile && e.Type != "tree" && e.Type != "dir"
}

// submodules lists the paths of submodules, sorted.
func submodules(files []entry) (paths []string) {
	for _, e := range files {
		if e.Type == "commit" || e.Type == "submodule" {
			paths = append(paths, line(e.Path, 100))
		}
	}
	slices.Sort(paths)
	return few(paths)
}

func few(list []string) []string { return list[:min(len(list), bot.MostAbsent)] }

// list lists a whole tree.
func (r repository) list(ctx context.Context, tree string) (files []entry, complete bool, err error) {
	var listed struct {
		Tree      []entry
		Truncated bool
	}
	a := ask{what: fmt.Sprintf("list the files of %s", r.repo), needs: "Contents: read"}
	if err := r.get(ctx, a, "git/trees/"+tree+"?recursive=1", &listed); err != nil {
		return nil, false, err
	}
	return listed.Tree, !listed.Truncated, nil
}

// walk is list folder by folder, for at most mostFolders.
func (r repository) walk(ctx context.Context, sha string) (files []entry, complete bool, err error) {
	folders := []string{""}
	for n := 0; n < len(folders); n++ {
		if n == mostFolders {
			return files, false, nil
		}
		var listed []entry
		a := ask{what: fmt.Sprintf("list the files of %s at %s", r.repo, bot.Short(sha)), needs: "Contents: read"}
		place := "contents" + (&url.URL{Path: folders[n]}).EscapedPath() + "?ref=" + sha
		if err := r.get(ctx, a, place, &listed); err != nil {
			return nil, false, err
		}
		if len(listed) >= mostListed {
			return files, false, nil
		}
		files = append(files, listed...)
		for _, e := range listed {
			if e.Type == "dir" {
				folders = append(folders, "/"+e.Path)
			}
		}
	}
	return files, true, nil
}

// attributes are what matters of a .gitattributes.
type attributes struct {
	substitutes bool     // it may give a file export-subst
	lfs         []string // patterns of files in Git LFS
}

// attributesOf reads a .gitattributes.
func (r repository) attributesOf(ctx context.Context, blob string) (attributes, error) {
	if known, ok := r.attributes.get(blob); ok {
		return known, nil
	}
	if !isSHA(blob) {
		return attributes{substitutes: true}, nil
	}
	var content []byte
	a := ask{what: fmt.Sprintf("read %s of %s", attributesFile, r.repo), needs: "Contents: read"}
	err := a.do(ctx, func(ctx context.Context) (err error) {
		content, _, err = r.api.Git.GetBlobRaw(ctx, r.repo.Owner, r.repo.Name, blob)
		return err
	})
	if err != nil {
		return attributes{}, err
	}
	of := attributes{substitutes: substitutes(content), lfs: inLFS(content)}
	r.attributes.put(blob, of)
	return of, nil
}

// inLFS lists the patterns of a .gitattributes whose files go through Git LFS.
func inLFS(attributes []byte) (patterns []string) {
	for l := range bytes.Lines(attributes) {
		fields := strings.Fields(string(l))
		if len(fields) > 1 && !strings.HasPrefix(fields[0], "#") && slices.Contains(fields[1:], "filter=lfs") {
			patterns = append(patterns, line(fields[0], 100))
		}
	}
	return patterns
}

// matching lists those patterns of a .gitattributes in a folder that match a file: one without a slash its name, others
// its path from that folder. A pattern that is more than path.Match understands counts as one that matches.
func matching(patterns []string, folder string, files []entry) (list []string) {
	for _, pattern := range patterns {
		byName := !strings.Contains(strings.Trim(pattern, "/"), "/")
		plain := strings.TrimPrefix(pattern, "/")
		if strings.Contains(pattern, "**") || slices.ContainsFunc(files, func(e entry) bool {
			name, inside := strings.CutPrefix(e.Path, strings.TrimPrefix(folder+"/", "./"))
			if byName {
				name = path.Base(e.Path)
			}
			ok, err := path.Match(plain, name)
			return inside && e.isFile() && (ok || err != nil)
		}) {
			list = append(list, pattern)
		}
	}
	return list
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
type remembered[F any] struct {
	mu    sync.Mutex
	known map[string]F // guarded by mu
}

// mostRemembered bounds the cache; above it all is dropped.
const mostRemembered = 1000

func (m *remembered[F]) get(sha string) (answer F, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer, ok = m.known[sha]
	return answer, ok
}

func (m *remembered[F]) put(sha string, answer F) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= mostRemembered {
		m.known = map[string]F{}
	}
	m.known[sha] = answer
}
