package store

import "slices"

// Statements that run many times a second: SQLite keeps them parsed. PostgreSQL's
// client does that by itself with every statement.
var (
	hotWrites = slices.Concat([]string{selectApps, insertPipeline, updatePipeline, finishJob},
		numbered(eventsAtOnce, insertEvents), numbered(rowsAtOnce, insertDelivery, processedDeliveries))

	hotReads = slices.Concat([]string{selectState, selectPipelines, selectUsing, selectDue, selectNextWake},
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
