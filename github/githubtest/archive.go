package githubtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"time"
)

// archive is a commit's files in one folder, as `git archive --format=tar.gz` packs
// them.
func (r *Repo) archive(sha, folder string) ([]byte, error) {
	c, err := r.readCommit(sha)
	if err != nil {
		return nil, err
	}
	entries, err := r.readTree(c.Tree)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(entries, func(e treeEntry) bool { return e.path == ".gitattributes" }) {
		return nil, errUseGit // it may say what is left out
	}
	var text bytes.Buffer
	z, _ := gzip.NewWriterLevel(&text, gzip.BestSpeed) // which is a level
	t := tar.NewWriter(z)
	err = t.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": sha}})
	if err == nil {
		err = r.pack(t, entries, folder+"/", c.Committer.When)
	}
	if err = errors.Join(err, t.Close(), z.Close()); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// pack adds a folder and what is in it.
func (r *Repo) pack(t *tar.Writer, entries []treeEntry, path string, at time.Time) error {
	add := func(h tar.Header) error {
		h.ModTime, h.Uname, h.Gname = at, "root", "root"
		return t.WriteHeader(&h)
	}
	if err := add(tar.Header{Typeflag: tar.TypeDir, Name: path, Mode: 0o775}); err != nil {
		return err
	}
	for _, e := range entries {
		name := path + e.path
		switch e.kind {
		case "tree":
			below, err := r.readTree(e.sha)
			if err != nil {
				return err
			}
			if err := r.pack(t, below, name+"/", at); err != nil {
				return err
			}
		case "commit":
			if err := add(tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o775}); err != nil {
				return err
			}
		default:
			content, err := r.object("blob", e.sha)
			if err != nil {
				return err
			}
			h := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o664, Size: int64(len(content))}
			switch e.mode {
			case "100755":
				h.Mode = 0o775
			case "120000":
				h.Typeflag, h.Linkname, h.Size, h.Mode, content = tar.TypeSymlink, string(content), 0, 0o777, nil
			}
			if err := add(h); err != nil {
				return err
			}
			if _, err := t.Write(content); err != nil {
				return err
			}
		}
	}
	return nil
}
