package bot

// State is everything that is known of one pipeline. It is a value: [Apply]
// returns a new one and leaves the old one as it is. It is stored as JSON.
type State struct {
	Pipeline      Key
	Installation  int64
	DefaultBranch string
}
