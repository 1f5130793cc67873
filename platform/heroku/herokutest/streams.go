package herokutest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// streamFor is how long a signed link to an output stays valid.
const streamFor = 15 * time.Minute

// streamURL is a signed link to the output of a build or a release.
func (s *Server) streamURL(kind, id string, now time.Time) string {
	expires := strconv.FormatInt(now.Add(streamFor).Unix(), 10)
	return fmt.Sprintf("%s/streams/%s/%s?expires=%s&signature=%s", s.url, kind, id, expires, s.sign(kind, id, expires))
}

func (s *Server) sign(parts ...string) string {
	mac := hmac.New(sha256.New, []byte("herokutest streams"))
	mac.Write([]byte(strings.Join(parts, " ")))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// stream serves an output as far as it has come, ranges included. It is no
// part of the API: it takes no token, and minds being sent one.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	kind, id, expires := r.PathValue("kind"), r.PathValue("id"), r.URL.Query().Get("expires")
	s.lockSettled()
	now := s.opts.Clock()
	if r.Header.Get("Authorization") != "" {
		s.violate("the API key was sent to an output stream")
	}
	text, found := "", false
	for _, a := range s.apps {
		for _, b := range a.builds {
			if kind == "build" && b.id == id {
				text, found = b.output(), true
			}
		}
		for _, rel := range a.releases {
			if kind == "release" && rel.id == id {
				text, found = rel.output(), true
			}
		}
	}
	s.mu.Unlock()
	at, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case err != nil, !hmac.Equal([]byte(r.URL.Query().Get("signature")), []byte(s.sign(kind, id, expires))):
		http.Error(w, "the link's signature is wrong", http.StatusForbidden)
	case now.Unix() > at:
		http.Error(w, "the link has expired", http.StatusForbidden)
	case !found:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(text)))
	}
}
