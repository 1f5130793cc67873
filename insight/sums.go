package insight

import (
	"cmp"
	"encoding/binary"
	"maps"
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
	Parts                                 map[history.Part]time.Duration
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
	for part, t := range o.Parts {
		s.spend(part, t)
	}
}

// counts are the plain numbers, in the order in which they are packed.
func (s *Sums) counts() [11]*int {
	return [...]*int{&s.Deploys, &s.Judged, &s.Failed, &s.Open, &s.Rework, &s.Attempts, &s.Repeats, &s.ByHand, &s.SavedBy, &s.Spared, &s.Wasted}
}

func (s *Sums) spend(part history.Part, t time.Duration) {
	if s.Parts == nil {
		s.Parts = map[history.Part]time.Duration{}
	}
	s.Parts[part] += t
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
		saved := c.saved()
		if !ok && saved == 0 && !c.spared() {
			continue
		}
		s := at(c.Ended, "")
		if ok {
			s.Build.Add(length)
		}
		s.Saved += saved
		s.SavedBy += one(saved > 0)
		s.Spared += one(c.spared())
		if c.wasted() {
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
	for _, part := range slices.Sorted(maps.Keys(s.Parts)) {
		to = binary.AppendUvarint(to, uint64(len(part)))
		to = append(to, part...)
		to = binary.AppendUvarint(to, seconds(s.Parts[part]))
	}
	return to
}

func seconds(t time.Duration) uint64 { return uint64(max(t, 0).Round(time.Second) / time.Second) }

// Unpack adds packed sums, and returns what follows them.
func (s *Sums) Unpack(from []byte) ([]byte, error) {
	bad := false
	next := func() int {
		n, size := binary.Uvarint(from)
		if size <= 0 || n > 1<<48 {
			bad = true
			return 0
		}
		from = from[size:]
		return int(n)
	}
	for _, n := range s.counts() {
		*n += next()
	}
	s.Saved += time.Duration(next()) * time.Second
	s.WastedTime += time.Duration(next()) * time.Second
	for _, h := range []*Histogram{&s.Lead, &s.Recovery, &s.Build} {
		var err error
		if from, err = h.unpack(from); err != nil {
			return nil, err
		}
	}
	for range next() {
		n := next()
		if bad || n > len(from) {
			return nil, errPacked
		}
		part := history.Part(from[:n])
		from = from[n:]
		s.spend(part, time.Duration(next())*time.Second)
	}
	if bad {
		return nil, errPacked
	}
	return from, nil
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
