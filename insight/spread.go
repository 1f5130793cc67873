package insight

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
)

// Few is how many cases a number needs at least to say something.
const Few = 5

// Spread is how long something takes: the middle of some cases, and the time within which 85 of 100 are done.
type Spread struct {
	N           int // cases
	Median, P85 time.Duration
}

// Enough reports whether there are enough cases to say something.
func (s Spread) Enough() bool { return s.N >= Few }

// spreadOf is the spread of some times, which it sorts.
func spreadOf(times []time.Duration) Spread {
	if len(times) == 0 {
		return Spread{}
	}
	slices.Sort(times)
	at := func(percent int) time.Duration { return times[rank(percent, len(times))-1] }
	return Spread{len(times), at(50), at(85)}
}

// rank is the place, from 1, of the value in an ordered list that so many percent do not exceed.
func rank(percent, n int) int { return (percent*n + 99) / 100 }

// buckets are how many lengths of time a histogram tells apart. Each is half as long again as the one before: the first
// ends at 5 seconds, the last but one at 11 days.
const buckets = 32

// bounds are where each bucket ends.
var bounds = func() (list [buckets]time.Duration) {
	const first, step = 5 * time.Second, 1.5
	for i := range list {
		list[i] = time.Duration(float64(first) * math.Pow(step, float64(i))).Round(time.Second)
	}
	list[buckets-1] = math.MaxInt64
	return list
}()

// Histogram counts times by their length.
type Histogram [buckets]int

// Add counts a time.
func (h *Histogram) Add(t time.Duration) {
	i, _ := slices.BinarySearch(bounds[:], t)
	h[min(i, buckets-1)]++
}

// Join adds another histogram.
func (h *Histogram) Join(o *Histogram) {
	for i, n := range o {
		h[i] += n
	}
}

// N is how many times were counted.
func (h *Histogram) N() (n int) {
	for _, c := range h {
		n += c
	}
	return n
}

// Spread is the spread of the times, each as exact as its bucket is wide.
func (h *Histogram) Spread() Spread {
	n := h.N()
	if n == 0 {
		return Spread{}
	}
	return Spread{n, h.at(rank(50, n)), h.at(rank(85, n))}
}

// at is about the length of the time with a place in the order, from 1: its bucket's cases count as spread evenly.
func (h *Histogram) at(place int) time.Duration {
	for i, c := range h {
		if place > c {
			place -= c
			continue
		}
		from := time.Duration(0)
		if i > 0 {
			from = bounds[i-1]
		}
		to := bounds[i]
		if i == buckets-1 {
			to = from + from/2
		}
		return (from + time.Duration(float64(to-from)*(float64(place)-0.5)/float64(c))).Round(time.Second)
	}
	return 0
}

// pack appends the histogram: how many buckets are not empty, and each with its number.
func (h *Histogram) pack(to []byte) []byte {
	n := 0
	for _, c := range h {
		if c > 0 {
			n++
		}
	}
	to = append(to, byte(n))
	for i, c := range h {
		if c > 0 {
			to = binary.AppendUvarint(append(to, byte(i)), uint64(c))
		}
	}
	return to
}

var errPacked = errors.New("these are no sums")

// unpack adds a packed histogram.
func (h *Histogram) unpack(r *reader) {
	for range r.byte() {
		i := r.byte()
		if n := r.number(); i < buckets {
			h[i] += n
		} else {
			r.bad = true
		}
	}
}
