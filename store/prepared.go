package store

import "slices"

// Statements that run many times a second: SQLite keeps them parsed. PostgreSQL's
// client does that by itself with every statement.
//
// SQLite parses such a statement once more whenever a parameter is bound that its
// plan may depend on: one that is compared with what a partial index compares, and
// one that is a LIMIT. So those stand within a CAST, which the planner does not
// look into.
var (
	preparedWrites = slices.Concat([]string{selectApps, lockQueue, selectQueue, selectQueueEntry, saveQueueEntry, insertPipeline, updatePipeline, saveState},
		numbered(jobsAtOnce, finishJobs), numbered(eventsAtOnce, insertEvents), numbered(rowsAtOnce, insertDelivery, processedDeliveries))

	preparedReads = slices.Concat([]string{selectState, selectTail, selectPipelines, selectUsing, selectDue, selectNextWake, selectAnyWork, selectUntidy, selectQueue},
		numbered(rowsAtOnce, waitingDeliveries))
)

// numbered lists statements about 1 to most rows.
func numbered(most int, statements ...func(n int) string) []string {
	list := make([]string, 0, most*len(statements))
	for n := range most {
		for _, s := range statements {
			list = append(list, s(n+1))
		}
	}
	return list
}
