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

// The lengths of stored names in bytes.
const (
	lengthOfSHA    = 20
	lengthOfSHA256 = 32
	lengthOfUUID   = 16
)

// pack returns the stored form of the name of a commit or an artifact: the bytes of a SHA or a UUID. Any other name is
// stored as it is, after one zero byte, or after two where it would have the length of one of those.
func pack(name string) []byte {
	if name == "" {
		return []byte{}
	}
	if sha, err := hex.DecodeString(name); err == nil && (len(sha) == lengthOfSHA || len(sha) == lengthOfSHA256) && name == strings.ToLower(name) {
		return sha
	}
	if id, err := hex.DecodeString(strings.ReplaceAll(name, "-", "")); err == nil && len(id) == lengthOfUUID && name == uuidText(id) {
		return id
	}
	packed := append([]byte{0}, plain(name)...)
	if n := len(packed); n == lengthOfSHA || n == lengthOfSHA256 || n == lengthOfUUID {
		packed = append([]byte{0}, packed...)
	}
	return packed
}

// unpack returns the name that was packed.
func unpack(packed []byte) string {
	switch len(packed) {
	case lengthOfSHA, lengthOfSHA256:
		return hex.EncodeToString(packed)
	case lengthOfUUID:
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

// codes are short stored forms of words that nearly every row has. Other words are stored as they are. A code is never
// used for another word.
type codes map[string]string

var (
	builtCodes  = codes{"p": string(history.BuiltAhead), "t": string(history.BuiltTree), "r": string(history.BuiltPull), "g": string(history.BuiltGroup), "s": string(history.BuiltOnStage)}
	kindCodes   = codes{"f": string(history.KindForward), "r": string(history.KindRollback), "a": string(history.KindUndo), "h": string(history.KindByHand)}
	resultCodes = codes{"p": string(history.ResultProved), "f": string(history.ResultFailed), "n": string(history.ResultUnproved), "u": string(history.ResultUnverified), "g": string(history.ResultGivenUp)}
	partCodes   = codes{"b": string(history.PartBuild), "c": string(history.PartChecks), "B": string(history.PartBoth), "r": string(history.PartReleasing), "p": string(history.PartProving), "s": string(history.PartStopped), "u": string(history.PartUnseen)}
)

func (c codes) pack(word string) string {
	for code, w := range c {
		if w == word {
			return code
		}
	}
	return oneLine(word)
}

func (c codes) unpack(code string) string {
	if word, ok := c[code]; ok {
		return word
	}
	return code
}

// packWaits writes a line per stage: its name, and the parts of the way before and in it, each with its microseconds to
// the base of 36. Ends of parts are cut to the microsecond, as all stored times are, and not their lengths: so these sum
// up to what is stored of the way's end and beginning.
func packWaits(waits []history.Wait, began time.Time) string {
	var b strings.Builder
	for i, w := range waits {
		if stage := oneLine(w.Stage); i == 0 {
			b.WriteString(stage)
		} else if w.Stage != waits[i-1].Stage {
			b.WriteString("\n" + stage)
		}
		ended := began.Add(w.For)
		b.WriteString("\t" + strconv.FormatInt(ended.UnixMicro()-began.UnixMicro(), 36) + " " + partCodes.pack(string(w.Part)))
		began = ended
	}
	return b.String()
}

func unpackWaits(text string) ([]history.Wait, error) {
	var waits []history.Wait
	for _, line := range unpackLines(text) {
		stage, parts, _ := strings.Cut(line, "\t")
		for _, text := range strings.Split(parts, "\t") {
			length, part, _ := strings.Cut(text, " ")
			us, err := strconv.ParseInt(length, 36, 64)
			if err != nil {
				return nil, fmt.Errorf("%q is no part of a change's way", text)
			}
			waits = append(waits, history.Wait{Part: history.Part(partCodes.unpack(part)), Stage: stage, For: time.Duration(us) * time.Microsecond})
		}
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
