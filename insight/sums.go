package insight

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
)

// Sums are numbers that can be added up: of a day, of a week, of a fleet.
type Sums struct {
	Deploys, Judged, Failed, Open, Rework int
	Attempts, Repeats, ByHand             int
	SavedBy, Spared, Wasted               int
	Saved, WastedTime                     time.Duration // whole seconds, once they are packed
	Lead, Recovery, Build                 Histogram
	Parts                                 []PartTime // in any order, each once
}

// PartTime is how long changes spent with a part of their ways, all together.
type PartTime struct {
	Part history.Part
	Time time.Duration
}

// Join adds other sums.
func (s *Sums) Join(o *Sums) {
	for i, n := range o.counts() {
		*s.counts()[i] += *n
	}
	s.Saved += o.Saved
	s.WastedTime += o.WastedTime
	s.Lead.Join(&o.Lead)
	s.Recovery.Join(&o.Recovery)
	s.Build.Join(&o.Build)
	for _, p := range o.Parts {
		s.spend(p.Part, p.Time)
	}
}

// counts are the plain numbers, in the order in which they are packed.
func (s *Sums) counts() [11]*int {
	return [...]*int{&s.Deploys, &s.Judged, &s.Failed, &s.Open, &s.Rework, &s.Attempts, &s.Repeats, &s.ByHand, &s.SavedBy, &s.Spared, &s.Wasted}
}

func (s *Sums) spend(part history.Part, t time.Duration) {
	for i := range s.Parts {
		if s.Parts[i].Part == part {
			s.Parts[i].Time += t
			return
		}
	}
	s.Parts = append(s.Parts, PartTime{part, t})
}

// DayStage is a day at a stage; an empty stage: what belongs to no stage.
type DayStage struct {
	Day   Day
	Stage string
}

// Days are the sums of every day on which anything happened.
func (l *Ledger) Days() map[DayStage]*Sums {
	days := map[DayStage]*Sums{}
	at := func(d Day, stage string) *Sums {
		key := DayStage{d, stage}
		if days[key] == nil {
			days[key] = &Sums{}
		}
		return days[key]
	}
	for _, d := range l.Deploys {
		s := at(d.Day, d.Stage)
		s.Judged += one(d.Judged)
		if d.Failed != "" {
			s.Failed++
			if d.Recovered.IsZero() {
				s.Open++
			} else {
				s.Recovery.Add(d.Recovery())
			}
		}
		if !d.IsDeployment() {
			continue
		}
		s.Deploys++
		s.Rework += one(d.Rework)
		for _, lead := range d.Leads {
			s.Lead.Add(lead.Time())
			for _, w := range lead.Parts {
				s.spend(w.Part, w.For)
			}
		}
	}
	for _, r := range l.Attempts {
		at(r.Day, r.Stage).Attempts++
	}
	for _, r := range l.Repeats {
		at(r.Day, r.Stage).Repeats++
	}
	for _, r := range l.ByHand {
		at(r.Day, r.Stage).ByHand++
	}
	for _, c := range l.Changes {
		if c.Outcome == "" {
			continue
		}
		length, ok := c.build()
		saved := c.Saved()
		if !ok && saved == 0 && !c.Spared() {
			continue
		}
		s := at(c.Ended, "")
		if ok {
			s.Build.Add(length)
		}
		s.Saved += saved
		s.SavedBy += one(saved > 0)
		s.Spared += one(c.Spared())
		if c.Wasted() {
			s.Wasted++
			s.WastedTime += length
		}
	}
	return days
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Due is when a deployment becomes old enough to be judged, the next one; zero: all are. Until then the sums stay what
// they are, if no row changes.
func (l *Ledger) Due() (next time.Time) {
	for _, d := range l.Deploys {
		if at := d.Live.Add(d.Window); !d.Judged && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Pack returns the sums' stored form. Sums with the same numbers have the same.
func (s *Sums) Pack() []byte {
	to := []byte{}
	for _, n := range s.counts() {
		to = binary.AppendUvarint(to, uint64(*n))
	}
	to = binary.AppendUvarint(to, seconds(s.Saved))
	to = binary.AppendUvarint(to, seconds(s.WastedTime))
	for _, h := range []*Histogram{&s.Lead, &s.Recovery, &s.Build} {
		to = h.pack(to)
	}
	to = binary.AppendUvarint(to, uint64(len(s.Parts)))
	parts := slices.Clone(s.Parts)
	slices.SortFunc(parts, func(a, b PartTime) int { return cmp.Compare(a.Part, b.Part) })
	for _, p := range parts {
		code := slices.Index(partCodes, p.Part) + 1
		if to = append(to, byte(code)); code == 0 {
			to = binary.AppendUvarint(to, uint64(len(p.Part)))
			to = append(to, p.Part...)
		}
		to = binary.AppendUvarint(to, seconds(p.Time))
	}
	return to
}

// partCodes are the parts that are packed as their places in the list, counted from 1. It is only added to, at the end.
var partCodes = []history.Part{
	history.PartBoth, history.PartBuild, history.PartChecks, history.PartReleasing, history.PartProving, history.PartStopped, history.PartUnseen, PartCarried, PartUnrecorded,
	"soak", "approval", "window", "freeze", "lock", "needs", "order", "freshness", "configuration", "build",
}

func seconds(t time.Duration) uint64 { return uint64(max(t, 0).Round(time.Second) / time.Second) }

// Unpack adds packed sums, and returns what follows them.
func (s *Sums) Unpack(from []byte) ([]byte, error) {
	r := reader{from, false}
	s.unpackTimes(&r)
	for range r.number() {
		code, name := r.byte(), history.Part("")
		switch {
		case code == 0:
			name = history.Part(r.text())
		case code <= len(partCodes):
			name = partCodes[code-1]
		default:
			r.bad = true
		}
		t := time.Duration(r.number()) * time.Second
		if r.bad {
			break
		}
		s.spend(name, t)
	}
	if r.bad {
		return nil, errPacked
	}
	return r.left, nil
}

// unpackTimes adds packed sums but for their parts.
func (s *Sums) unpackTimes(r *reader) {
	for _, n := range s.counts() {
		*n += r.number()
	}
	s.Saved += time.Duration(r.number()) * time.Second
	s.WastedTime += time.Duration(r.number()) * time.Second
	for _, h := range []*Histogram{&s.Lead, &s.Recovery, &s.Build} {
		h.unpack(r)
	}
}

// unpackMain adds the counts and the lead times of packed sums.
func (s *Sums) unpackMain(from []byte) error {
	r := reader{from, false}
	for _, n := range s.counts() {
		*n += r.number()
	}
	r.number()
	r.number()
	s.Lead.unpack(&r)
	if r.bad {
		return errPacked
	}
	return nil
}

// reader reads what is packed.
type reader struct {
	left []byte
	bad  bool // it is not what was expected, and reads as zeros
}

func (r *reader) number() int {
	n, size := binary.Uvarint(r.left)
	if size <= 0 || n > 1<<48 {
		r.left, r.bad = nil, true
		return 0
	}
	r.left = r.left[size:]
	return int(n)
}

func (r *reader) byte() int {
	if len(r.left) == 0 {
		r.bad = true
		return 0
	}
	b := r.left[0]
	r.left = r.left[1:]
	return int(b)
}

func (r *reader) text() string {
	n := r.number()
	if n > len(r.left) {
		r.bad = true
		return ""
	}
	text := string(r.left[:n])
	r.left = r.left[n:]
	return text
}

// Week is the sums of a week, by its Monday.
type Week struct {
	Monday Day
	Sums   Sums
}

// ByWeek adds up days by week, the newest first.
func ByWeek(days map[DayStage]*Sums) (list []Week) {
	at := map[Day]*Sums{}
	for key, s := range days {
		monday := key.Day.Monday()
		if at[monday] == nil {
			at[monday] = &Sums{}
		}
		at[monday].Join(s)
	}
	for monday, s := range at {
		list = append(list, Week{monday, *s})
	}
	slices.SortFunc(list, func(a, b Week) int { return cmp.Compare(b.Monday, a.Monday) })
	return list
}

// PackWeeks packs weeks, the newest first: the Monday of each, how long its sums are, and they.
func PackWeeks(list []Week) []byte {
	packed := []byte{}
	for _, w := range list {
		packed = binary.AppendVarint(packed, int64(w.Monday))
		sums := w.Sums.Pack()
		packed = binary.AppendUvarint(packed, uint64(len(sums)))
		packed = append(packed, sums...)
	}
	return packed
}

// eachWeek hands over packed weeks from a day on, each with its packed sums.
func eachWeek(packed []byte, from Day, each func(monday Day, sums []byte) error) error {
	for len(packed) > 0 {
		monday, size := binary.Varint(packed)
		if size <= 0 {
			return errPacked
		}
		length, more := binary.Uvarint(packed[size:])
		if more <= 0 || length > uint64(len(packed)-size-more) {
			return errPacked
		}
		sums := packed[size+more:][:length]
		packed = packed[size+more+int(length):]
		if Day(monday) < from {
			return nil // and so are all that follow
		}
		if err := each(Day(monday), sums); err != nil {
			return err
		}
	}
	return nil
}
