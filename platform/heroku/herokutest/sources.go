package herokutest

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// source is a downloaded tarball.
type source struct {
	bytes int
	files []string // without the folder that GitHub puts everything in
	procs map[string]string
}

// allowedSource wants https, as Heroku does. A source on this machine, where
// tests keep theirs, may come over http.
func allowedSource(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return invalid("source_blob.url is not a URL.")
	}
	host := u.Hostname()
	local := host == "localhost" || net.ParseIP(host).IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return invalid("source_blob.url must be an https URL.")
	}
	return nil
}

// maxSource bounds how much of a source is downloaded, in bytes.
const maxSource = 64 << 20

// download fetches a source and reads it to its end. It takes no lock.
func (s *Server) download(from string) (*source, error) {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the source answered %s", resp.Status)
	}
	counted := &countingReader{r: io.LimitReader(resp.Body, maxSource)}
	gz, err := gzip.NewReader(counted)
	if err != nil {
		return nil, fmt.Errorf("the source is no gzipped tarball: %w", err)
	}
	src := &source{procs: map[string]string{}}
	for tr := tar.NewReader(gz); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the source is no tarball: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := path.Clean(h.Name)
		if _, inside, ok := strings.Cut(name, "/"); ok {
			name = inside
		}
		src.files = append(src.files, name)
		if name == "Procfile" {
			text, err := io.ReadAll(io.LimitReader(tr, 64<<10))
			if err != nil {
				return nil, err
			}
			for line := range strings.Lines(string(text)) {
				if kind, command, ok := strings.Cut(line, ":"); ok {
					src.procs[strings.TrimSpace(kind)] = strings.TrimSpace(command)
				}
			}
		}
	}
	if len(src.files) == 0 {
		return nil, errors.New("the source is empty")
	}
	src.bytes = counted.n
	return src, nil
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

func (s *Server) createSource(c *call) (any, error) {
	id := s.newID()
	s.blobs[id] = nil
	link := s.url + "/sources/" + id
	return created{object{"source_blob": object{"get_url": link, "put_url": link}}}, nil
}

func (s *Server) putSource(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	_, ok := s.blobs[r.PathValue("source")]
	if ok {
		s.blobs[r.PathValue("source")] = body
	}
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
	}
}

func (s *Server) readSource(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	body := s.blobs[r.PathValue("source")]
	s.mu.Unlock()
	if body == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Write(body)
}
