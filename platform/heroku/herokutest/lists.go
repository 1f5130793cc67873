package herokutest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// object is a resource as it goes over the wire.
type object = map[string]any

// created is answered with 201.
type created struct{ v any }

// accepted is answered with 202.
type accepted struct{ v any }

// list is answered in pages, by the request's Range header. Each field names
// what the list may be sorted by and gives the key of an item; the first field
// is the default one.
type list struct {
	items  []object
	fields []field
}

type field struct {
	name string
	key  func(object) string // compares as the items do
}

func byString(name string) field {
	return field{name, func(o object) string { s, _ := o[name].(string); return s }}
}

func byVersion() field {
	return field{"version", func(o object) string { n, _ := o["version"].(int); return fmt.Sprintf("%09d", n) }}
}

// writeAnswer writes what a handler returned.
func writeAnswer(w http.ResponseWriter, r *http.Request, v any) {
	switch v := v.(type) {
	case created:
		writeJSON(w, http.StatusCreated, v.v)
	case accepted:
		writeJSON(w, http.StatusAccepted, v.v)
	case list:
		v.write(w, r)
	default:
		writeJSON(w, http.StatusOK, v)
	}
}

// pageRange is a Range header: `version ]12..; order=desc,max=10`. A bound that
// begins with ] is not part of the range itself.
type pageRange struct {
	field       string
	first, last string
	after       bool // first is excluded
	desc        bool
	max         int
}

// parseRange reads a Range header. Heroku's maximum of a page is 1000, its
// default 200.
func parseRange(header string) (pageRange, error) {
	p := pageRange{max: 200}
	if strings.TrimSpace(header) == "" {
		return p, nil
	}
	bounds, params, _ := strings.Cut(header, ";")
	bounds = strings.TrimSpace(bounds)
	if name, rest, ok := strings.Cut(bounds, " "); ok {
		p.field, bounds = name, strings.TrimSpace(rest)
	}
	first, last, ok := strings.Cut(bounds, "..")
	if !ok {
		return p, fmt.Errorf("the range %q has no `..`", header)
	}
	p.first, p.last = strings.TrimSpace(first), strings.TrimSpace(last)
	p.first, p.after = strings.CutPrefix(p.first, "]")
	for param := range strings.FieldsFuncSeq(params, func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		switch name {
		case "":
		case "order":
			if value != "asc" && value != "desc" {
				return p, fmt.Errorf("the order %q is neither asc nor desc", value)
			}
			p.desc = value == "desc"
		case "max":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 1000 {
				return p, fmt.Errorf("the maximum %q is not between 1 and 1000", value)
			}
			p.max = n
		default:
			return p, fmt.Errorf("the range has an unknown parameter %q", name)
		}
	}
	return p, nil
}

func (l list) write(w http.ResponseWriter, r *http.Request) {
	p, err := parseRange(r.Header.Get("Range"))
	if err != nil {
		writeError(w, &apiError{status: http.StatusRequestedRangeNotSatisfiable, id: "bad_range", message: err.Error()})
		return
	}
	names := make([]string, len(l.fields))
	f := l.fields[0]
	for i, known := range l.fields {
		names[i] = known.name
		if known.name == p.field {
			f = known
		}
	}
	if p.field != "" && p.field != f.name {
		writeError(w, &apiError{status: http.StatusRequestedRangeNotSatisfiable, id: "bad_range", message: fmt.Sprintf("This list has no range %q, only %s.", p.field, strings.Join(names, ", "))})
		return
	}
	items := slices.Clone(l.items)
	slices.SortStableFunc(items, func(a, b object) int {
		if p.desc {
			a, b = b, a
		}
		return cmp.Compare(f.key(a), f.key(b))
	})
	pad := func(bound string) string {
		if f.name != "version" || bound == "" {
			return bound
		}
		n, _ := strconv.Atoi(bound)
		return fmt.Sprintf("%09d", n)
	}
	first, last := pad(p.first), pad(p.last)
	items = slices.DeleteFunc(items, func(o object) bool {
		k := f.key(o)
		if p.desc {
			return first != "" && (k > first || p.after && k == first) || last != "" && k < last
		}
		return first != "" && (k < first || p.after && k == first) || last != "" && k > last
	})
	w.Header().Set("Accept-Ranges", strings.Join(names, ", "))
	status := http.StatusOK
	if len(items) > p.max {
		items = items[:p.max]
		order := ""
		if p.desc {
			order = ",order=desc"
		}
		end := f.key(items[len(items)-1])
		if f.name == "version" {
			end = strings.TrimLeft(end, "0")
		}
		w.Header().Set("Next-Range", fmt.Sprintf("%s ]%s..%s; max=%d%s", f.name, end, p.last, p.max, order))
		status = http.StatusPartialContent
	}
	if len(items) > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("%s %s..%s; max=%d", f.name, f.key(items[0]), f.key(items[len(items)-1]), p.max))
	}
	if items == nil {
		items = []object{}
	}
	writeJSON(w, status, items)
}
