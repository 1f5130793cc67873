package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// What is in a source, or was left by a build, was put there by strangers: names,
// links and what they lead to. It is read and written through os.Root alone, which
// follows no link out of the folder, however long the chain.

// readInside reads a file of an unpacked source or artifact. A sentence says that it
// is none, is larger than the limit, or that links lead out of the folder; the error is
// fs.ErrNotExist if there is no such file.
func readInside(root *os.Root, name string, limit int64) ([]byte, error) {
	// Without O_NONBLOCK a named pipe would be waited for.
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case leadsOutside(err):
		return nil, sentence(fmt.Sprintf("The %s is a link that leads out of the source.", name))
	case errors.Is(err, syscall.ELOOP):
		return nil, sentence(fmt.Sprintf("The %s is a link that leads through too many others.", name))
	case errors.Is(err, syscall.ENXIO): // a socket
		return nil, sentence(fmt.Sprintf("The %s is no file.", name))
	case err != nil:
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, sentence(fmt.Sprintf("The %s is no file.", name))
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, sentence(fmt.Sprintf("The %s is larger than %d kB.", name, limit>>10))
	}
	return data, err
}

// leadsOutside reports whether os.Root refused a name because it leads out of its
// folder. Its error has no type of its own; so what is none of the ordinary answers is
// one.
func leadsOutside(err error) bool {
	var (
		why    error
		path   *fs.PathError
		link   *os.LinkError
		number syscall.Errno
	)
	switch {
	case errors.As(err, &path):
		why = path.Err
	case errors.As(err, &link):
		why = link.Err
	default:
		return false
	}
	return !errors.As(why, &number) && !errors.Is(why, fs.ErrClosed)
}
