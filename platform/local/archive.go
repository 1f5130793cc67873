package local

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// What an unpacked source or artifact may have at most.
const (
	unpackedLimit = 4 << 30 // bytes
	entriesLimit  = 500_000
)

// sentence is an error in words for people, about what they gave us: it is their
// source, Procfile or command that is wrong, not this platform.
type sentence string

func (s sentence) Error() string { return string(s) }

// unpackSource unpacks the tarball of a commit into an empty folder, without
// the one folder that such a tarball wraps everything in. It refuses with a
// sentence what would reach out of the folder: names with "..", links that
// lead outside, devices.
func (ps *processes) unpackSource(file, dir string) error {
	var links []string
	err := ps.unpack(file, dir, nil, func(h *tar.Header) (bool, error) {
		_, name, _ := strings.Cut(strings.TrimPrefix(h.Name, "./"), "/")
		if h.Typeflag == tar.TypeLink {
			_, h.Linkname, _ = strings.Cut(strings.TrimPrefix(h.Linkname, "./"), "/")
		}
		h.Name = name
		switch {
		case strings.HasPrefix(path.Clean(h.Name), "../") || path.Clean(h.Name) == "..":
			return false, sentence(fmt.Sprintf("The source has a file that lies outside of it: %s.", h.Name))
		case h.Typeflag == tar.TypeSymlink && leadsOut(h.Name, h.Linkname):
			return false, sentence(fmt.Sprintf("The source has a symbolic link that leads out of it: %s.", h.Name))
		case h.Typeflag == tar.TypeLink && !filepath.IsLocal(h.Linkname):
			return false, sentence(fmt.Sprintf("The source has a link that leads out of it: %s.", h.Name))
		case h.Typeflag == tar.TypeChar || h.Typeflag == tar.TypeBlock || h.Typeflag == tar.TypeFifo:
			return false, sentence(fmt.Sprintf("The source has a device: %s.", h.Name))
		case h.Typeflag == tar.TypeSymlink:
			links = append(links, h.Name)
		}
		return name != "", nil
	})
	if err != nil {
		return err
	}
	return checkLinks(dir, links)
}

// checkLinks refuses symbolic links that lead out of a folder through one another. One
// that leads nowhere is none of our business.
func checkLinks(dir string, links []string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range links {
		if _, err := root.Stat(path.Clean(name)); leadsOutside(err) {
			return sentence(fmt.Sprintf("The source has a symbolic link that leads out of it: %s.", name))
		}
	}
	return nil
}

// unpackArtifact unpacks what keepArtifact packed, as it was. It fails if the
// file does not hold what its name says.
func (ps *processes) unpackArtifact(file, dir string) error {
	sum := sha256.New()
	if err := ps.unpack(file, dir, sum, func(*tar.Header) (bool, error) { return true, nil }); err != nil {
		return fmt.Errorf("unpack the artifact %s: %w", filepath.Base(file), err)
	}
	if name := hex.EncodeToString(sum.Sum(nil)); !strings.HasPrefix(filepath.Base(file), name+".") {
		return fmt.Errorf("an artifact is damaged, it holds something else: %s", file)
	}
	return nil
}

// leadsOut reports whether a symbolic link points out of the folder that its
// name is relative to, as far as its own words tell: see checkLinks for those that lead
// through other links, and os.Root prevents that anything is written through one.
func leadsOut(name, target string) bool {
	return path.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), target)) && path.Join(path.Dir(name), target) != "."
}

// unpack unpacks a tar.gz into a folder, and copies the whole tar to a writer
// unless that is nil. The filter may change each header, and says whether to keep
// it.
func (ps *processes) unpack(file, dir string, copied io.Writer, filter func(*tar.Header) (bool, error)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	unzip, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return fmt.Errorf("unzip: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()

	whole := io.Reader(unzip)
	if copied != nil {
		whole = io.TeeReader(unzip, copied)
	}
	in := tar.NewReader(whole)
	var size int64
	for n := 0; ; n++ {
		h, err := in.Next()
		if err == io.EOF && copied != nil {
			_, err := io.Copy(io.Discard, io.LimitReader(whole, unpackedLimit)) // what is behind the last file
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		keep, err := filter(h)
		if err != nil {
			return err
		}
		if !keep {
			continue
		}
		if size += h.Size; size > unpackedLimit || n > entriesLimit {
			return sentence(fmt.Sprintf("The source is larger than %d GB or %d files.", int64(unpackedLimit)>>30, entriesLimit))
		}
		err = ps.unpackEntry(root, h, in)
		if leadsOutside(err) {
			return sentence(fmt.Sprintf("The source has a file that lies outside of it, behind a link: %s.", h.Name))
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
}

func (ps *processes) unpackEntry(root *os.Root, h *tar.Header, in io.Reader) error {
	name := path.Clean(h.Name)
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeReg:
		return ps.unpackFile(root, name, fs.FileMode(h.Mode), in)
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return root.Link(path.Clean(h.Linkname), name)
	}
	return nil // a comment, as git writes one
}

func (ps *processes) unpackFile(root *os.Root, name string, mode fs.FileMode, in io.Reader) error {
	ps.writing.RLock() // see processes
	defer ps.writing.RUnlock()
	f, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, plainMode(mode))
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, in); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// plainMode keeps whether a file is executable, and nothing else.
func plainMode(m fs.FileMode) fs.FileMode {
	if m&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// artifactName is the SHA-256 of an artifact's content.
var artifactName = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (p *Platform) artifactFile(name string) string {
	return filepath.Join(p.opts.Dir, "artifacts", name+".tar.gz")
}

// hasArtifact reports whether an artifact is there.
func (p *Platform) hasArtifact(name string) bool {
	if !artifactName.MatchString(name) {
		return false
	}
	_, err := os.Stat(p.artifactFile(name))
	return err == nil
}

// keepArtifact puts the files of a folder on the shelf and returns the
// artifact's name: the SHA-256 of a tar with sorted names, without times and
// owners, so that the same files always have the same name.
func (p *Platform) keepArtifact(files *os.Root) (name string, err error) {
	shelf := filepath.Join(p.opts.Dir, "artifacts")
	f, err := os.CreateTemp(shelf, "new-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // fails once it was renamed
	defer f.Close()

	zip, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	if err := pack(files, io.MultiWriter(zip, sum)); err != nil {
		return "", err
	}
	if err := errors.Join(zip.Close(), f.Sync(), f.Close()); err != nil {
		return "", err
	}
	name = hex.EncodeToString(sum.Sum(nil))
	if err := os.Rename(f.Name(), p.artifactFile(name)); err != nil {
		return "", err
	}
	return name, syncDir(shelf)
}

// pack writes a folder as a tar. Sockets and the like are left out. What a process
// that outlived its build puts in a file's place meanwhile is not followed out of the
// folder.
func pack(root *os.Root, w io.Writer) error {
	out := tar.NewWriter(w)
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error { // in lexical order
		if err != nil || name == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		h := &tar.Header{Name: name, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
		switch {
		case d.IsDir():
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
			h.Name += "/"
			return out.WriteHeader(h)
		case d.Type()&fs.ModeSymlink != 0:
			h.Typeflag, h.Mode = tar.TypeSymlink, 0o777
			if h.Linkname, err = root.Readlink(name); err != nil {
				return err
			}
			return out.WriteHeader(h)
		case d.Type().IsRegular():
			h.Typeflag, h.Mode, h.Size = tar.TypeReg, int64(plainMode(info.Mode())), info.Size()
			return packFile(out, h, root, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pack the artifact: %w", err)
	}
	return out.Close()
}

func packFile(out *tar.Writer, h *tar.Header, root *os.Root, name string) error {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s changed while it was packed (%v)", name, err)
	}
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return err
}

// removeAll removes a folder, also one with read-only folders inside, as Go's
// module cache has them.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if root, err := os.OpenRoot(dir); err == nil {
		openFolders(root, ".")
		root.Close()
	}
	return os.RemoveAll(dir)
}

// openFolders lets this user into a folder and all those in it, which it cannot list
// before.
func openFolders(root *os.Root, dir string) {
	_ = root.Chmod(dir, 0o700)
	entries, _ := fs.ReadDir(root.FS(), dir)
	for _, e := range entries {
		if e.IsDir() {
			openFolders(root, path.Join(dir, e.Name()))
		}
	}
}
