package setup

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ReadEnv reads a file of settings: lines of NAME=value, as `docker run --env-file` and systemd's EnvironmentFile take
// them. Quotes around a value are left out, which docker would keep. Empty lines and those that begin with # count for
// nothing. A file that does not exist has no settings. Its error names the line.
func ReadEnv(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	values := map[string]string{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, found := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !found || strings.ContainsAny(name, " \t'\"") || name == "" {
			return nil, fmt.Errorf("%s, line %d is no setting: expected NAME=value", path, n)
		}
		if unquoted := strings.Trim(value, `'"`); len(unquoted) == len(value)-2 {
			value = unquoted
		}
		values[name] = value
	}
	return values, lines.Err()
}

// SaveEnv sets values in a file of settings that only its owner may read. Other lines stay as they are. The file is
// replaced as a whole, or stays as it was.
func SaveEnv(path string, values map[string]string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	left := maps.Clone(values)
	var text strings.Builder
	for line := range strings.Lines(string(old)) {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if value, set := left[name]; set {
			line = name + "=" + value
			delete(left, name)
		}
		text.WriteString(strings.TrimRight(line, "\n") + "\n")
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		text.WriteString(name + "=" + left[name] + "\n")
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".headstart-env-*") // which only its owner may read
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // it has another name by then
	if _, err = temp.WriteString(text.String()); err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
