package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

// asset is a file that never changes under its name, because that has a hash of its content.
type asset struct {
	name, kind string
	content    []byte
}

//go:embed assets/site.css
var cssFile []byte

//go:embed assets/live.js
var scriptFile []byte

//go:embed assets/icon.svg
var iconFile []byte

var (
	css    = newAsset("site.css", "text/css; charset=utf-8", cssFile)
	script = newAsset("live.js", "text/javascript; charset=utf-8", scriptFile)
	icon   = newAsset("icon.svg", "image/svg+xml", iconFile)
)

var assets = map[string]*asset{css.name: css, script.name: script, icon.name: icon}

func newAsset(name, kind string, content []byte) *asset {
	sum := sha256.Sum256(content)
	stem, end := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	return &asset{name: stem + "-" + hex.EncodeToString(sum[:6]) + end, kind: kind, content: content}
}

func (a *asset) path() string { return "/assets/" + a.name }

// serve sends the file, which may be kept for ever.
func (a *asset) serve(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.content) // the visitor may be gone
}

func (s *site) asset(v *visit) (answer, error) {
	if a := assets[v.PathValue("file")]; a != nil {
		return answer{asset: a}, nil
	}
	return notFound, nil
}
