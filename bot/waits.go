package bot

// Held says which gate holds a commit back from a stage, while neither its build nor its
// checks are under way. A decision records it together with its other events when the name
// has changed. It changes no decision: it only says where time went.
type Held struct {
	SHA, Stage string
	Gate       string // a name of package gate; empty: all are open, and something is read once more
	By         string // with the gate "order": the commit that superseded it; empty: unknown
}

func (Held) fact() {}
