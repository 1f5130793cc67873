package bot

// About is what an action is about, of which a webhook may have told before GitHub's API
// knows it. The zero value is about nothing of the kind.
type About struct {
	Commits []string
	Branch  string
	Pull    int
	Comment int64
}
