// Package insight makes numbers of the rows that history keeps: how often a pipeline deploys, how long a change takes and
// where that time goes, how often a deployment fails and how long that lasts. It is pure.
//
//	Rows ──Read──▶ Ledger: every deployment, why it failed, when production was good again
//	Ledger ──Numbers(period)──▶ what a page shows of a period
//	Ledger ──Days──▶ sums by day and stage, which are kept longer than rows, and from which a fleet is added up
//
// Each number has the deployments or changes behind it, so that it can be looked up. What docs/insights.md defines is
// computed here and nowhere else:
//
//   - [Deploy] is a deployment, and in fail.go is what fails it
//   - [Lead] is a change that production runs for the first time, in lead.go
//   - [Numbers] are those of a period
//
// Invariants:
//
//	Σ lead.Parts = lead.To - lead.From
//	a deployment fails at most once, and belongs to one day, that of the clocks of its time
//	numbers of a period = numbers of its days, added up
//
// Medians are values that occurred (nearest rank). There are no means. What is worked out of fewer than [Few] cases is
// not worth saying: see [Spread.Enough].
package insight
