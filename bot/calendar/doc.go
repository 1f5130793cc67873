// Package calendar says when releases are allowed: the windows in which a stage may
// be entered, and the freezes in which it may not.
//
// A [Window] repeats every week, a [Freeze] is a span of dates. Both are meant in a
// time zone, so that a day may have 23 or 25 hours; the zone is loaded once by
// [LoadZone] and the answer is computed, never looked up in a clock.
//
// Each has two questions: is it open (or frozen) at a time, and when does that change
// next. The second is what lets a decision wake up at the right moment and what lets
// a status say until when somebody has to wait.
package calendar
