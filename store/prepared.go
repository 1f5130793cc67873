package store

import "slices"

// Statements that run many times a second: SQLite keeps them parsed. PostgreSQL's client does that with every
// statement.
//
// SQLite parses such a statement again whenever a parameter is bound that its plan may depend on. Those are parameters
// compared with a partial index's column, and LIMITs. So they are within a CAST, which the planner does not look into.
var (
	preparedWrites = slices.Concat([]string{selectApps, lockQueue, selectQueue, selectQueueEntry, saveQueueEntry, insertPipeline, updatePipeline, saveState, selectHistoryID},
		numbered(historyUsually, changesTable.write, promotionsTable.write, auditTable.write),
		numbered(jobsAtOnce, finishJobs), numbered(eventsAtOnce, insertEvents), numbered(rowsAtOnce, insertDelivery, processedDeliveries))

	preparedReads = slices.Concat([]string{selectState, selectVersion, selectTail, selectPipelines, selectUsing, selectDue, selectNextWake, selectAnyWork, selectUntidy, selectQueue},
		numbered(rowsAtOnce, waitingDeliveries))
)

// numbered lists the statements for 1 to most rows.
func numbered(most int, statements ...func(n int) string) []string {
	list := make([]string, 0, most*len(statements))
	for n := range most {
		for _, s := range statements {
			list = append(list, s(n+1))
		}
	}
	return list
}
