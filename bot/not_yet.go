package bot

// About names the objects of an action that a webhook may announce before GitHub's API
// knows them. The zero value names none.
type About struct {
	Commits []string
	Branch  string
	Pull    int
	Comment int64
}
