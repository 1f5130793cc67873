package pipeline

import (
	"cmp"
	"slices"
)

// Maps are iterated in the order of their keys, so that decisions are deterministic.

// SortedKeys lists the keys of a map in order; nil if it is empty.
func SortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	if len(m) == 0 {
		return nil
	}
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Put sets a key of a map, which may be nil.
func Put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}
