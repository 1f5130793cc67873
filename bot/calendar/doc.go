// Package calendar says when releases are allowed: the windows in which a stage may
// be entered, and the freezes in which it may not.
//
// A [Window] repeats every week; a [Freeze] is a span of dates. Both use the clocks of a
// time zone, so a day may have 23 or 25 hours. [LoadZone] loads the zone once. The caller
// gives the time; the package reads no clock.
//
// Both answer two questions: is it open (or frozen) at a time, and when does that change
// next? The second answer lets a decision wake up at the right moment, and lets a status
// show until when people wait.
package calendar
