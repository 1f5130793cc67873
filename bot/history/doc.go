// Package history says what a change of a pipeline's state means for those who look back.
//
// [Chronicle] compares two states, not events: whatever brought a change about, its row is the same. A row replaces the
// one of its key, so the same change derived twice is written once. And what a state says alone, Chronicle says of the
// step from the empty state to it: that fills the tables of a pipeline that is older than they are.
package history
