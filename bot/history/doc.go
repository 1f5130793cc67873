// Package history says what a change of a pipeline's state means for those who look back.
//
// [Chronicle] compares two states, not events: whatever brought a change about, its row is the same. The engine calls it
// once per commit, and the store writes the rows in that commit's transaction:
//
//	State ──events──▶ State'        Chronicle(State, State') ──▶ rows to write
//	{}    ──────────▶ State         Chronicle({}, State)     ──▶ every row that State still knows
//
// A row replaces the one of its key, so the same change derived twice is written once. There are four kinds:
//
//   - [Change]: a commit of the branch, from its push to its end, and where its time went
//   - [Promotion]: what was released to a stage, also by others
//   - [Process]: a version of the pipeline's file
//   - [Audit]: a command and its answer
//
// A fifth kind of row, [Output], is not derived: it is the end of what a failed build or release wrote.
//
// # Nothing is lost that a state forgets
//
// A row is read off the state after the change alone. So whatever a row needs longer than decisions do is kept in the
// state, with the candidate or the stage: [pipeline.Candidate] has Way, Build, Classes, RedAt; [pipeline.StageState] has
// Ended. No decision depends on them. When a state drops a candidate, its row has been written.
//
// # Where time goes
//
// A candidate does one thing at a time: see [pipeline.Part]. Its way is recorded while events are folded. What is built,
// checked, released or verified can be read off the state. Which gate holds a candidate only a decision knows: it adds a
// [bot.Held] to its events when that has changed, and never commits for that alone. A deploy that waits for nothing but
// its build and its checks has none.
//
// Invariants:
//
//	c.Way.Since = c.SeenAt + Σ c.Way.Left
//	row.Outcome ≠ "" ⇒ Σ row.Waits = row.EndedAt - row.PushedAt
//	a row that is live never changes its Outcome and EndedAt, unless the branch comes back to the commit
//	a promotion that has ended never changes, but for what was proved and then did not stay healthy
//	Chronicle(s, s) is empty, and which events are committed together makes no difference to the rows in the end
//
// [Notes] are what the log and the metrics say: not rows that are replaced, but what has just ended.
//
// Begin with entry.go, then chronicle.go. The golden rows of every scenario are at the end of its script.
package history
