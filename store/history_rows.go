package store

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
)

// History has a row per commit and promotion for years, so its rows are small. Lists are lines of text, which need no
// quotes. The names of commits and artifacts, which are mostly SHAs and UUIDs, are stored as bytes.

// The lengths of a stored SHA and UUID.
const (
	bytesOfSHA  = 20
	bytesOfUUID = 16
)

// pack returns the stored form of the name of a commit or an artifact. A SHA takes 20 bytes, a UUID 16. Any other name
// is stored as it is, after one zero byte, or after two where it would have the length of a SHA or a UUID.
func pack(name string) []byte {
	if sha, err := hex.DecodeString(name); err == nil && len(sha) == bytesOfSHA && name == strings.ToLower(name) {
		return sha
	}
	if id, err := hex.DecodeString(strings.ReplaceAll(name, "-", "")); err == nil && len(id) == bytesOfUUID && name == uuidText(id) {
		return id
	}
	if name == "" {
		return []byte{}
	}
	packed := append([]byte{0}, plain(name)...)
	if len(packed) == bytesOfSHA || len(packed) == bytesOfUUID {
		packed = append([]byte{0}, packed...)
	}
	return packed
}

// unpack returns the name that was packed.
func unpack(packed []byte) string {
	switch len(packed) {
	case bytesOfSHA:
		return hex.EncodeToString(packed)
	case bytesOfUUID:
		return uuidText(packed)
	}
	return strings.TrimLeft(string(packed), "\x00")
}

func uuidText(id []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// lines packs names, of which none contains a line break.
func lines(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = oneLine(name)
	}
	return strings.Join(list, "\n")
}

func unpackLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// oneLine returns text without line breaks and tabs, which separate the parts of stored lists.
func oneLine(text string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(plain(text))
}

// packWaits rounds the end of each part down, and not its length: the sum is right to the microsecond.
func packWaits(waits []history.Wait) string {
	var (
		b     strings.Builder
		until time.Duration
	)
	for i, w := range waits {
		if i > 0 {
			b.WriteByte('\n')
		}
		since := until
		until += w.For
		fmt.Fprintf(&b, "%d\t%s", until.Microseconds()-since.Microseconds(), oneLine(string(w.Part)))
		if w.Stage != "" {
			b.WriteString("\t" + oneLine(w.Stage))
		}
	}
	return b.String()
}

func unpackWaits(text string) ([]history.Wait, error) {
	var waits []history.Wait
	for _, line := range unpackLines(text) {
		fields := strings.SplitN(line, "\t", 3)
		us, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || len(fields) < 2 {
			return nil, fmt.Errorf("%q is no part of a change's way", line)
		}
		w := history.Wait{Part: history.Part(fields[1]), For: time.Duration(us) * time.Microsecond}
		if len(fields) == 3 {
			w.Stage = fields[2]
		}
		waits = append(waits, w)
	}
	return waits, nil
}

// packApps packs the version of each app's release.
func packApps(apps map[string]int) string {
	var list []string
	for _, app := range slices.Sorted(maps.Keys(apps)) {
		list = append(list, oneLine(app)+"\t"+strconv.Itoa(apps[app]))
	}
	return strings.Join(list, "\n")
}

func unpackApps(text string) (map[string]int, error) {
	var apps map[string]int
	for _, line := range unpackLines(text) {
		app, version, _ := strings.Cut(line, "\t")
		n, err := strconv.Atoi(version)
		if err != nil {
			return nil, fmt.Errorf("%q is no version of an app", line)
		}
		if apps == nil {
			apps = map[string]int{}
		}
		apps[app] = n
	}
	return apps, nil
}
