package pipeline

// Deployment is the GitHub Deployment of one promotion of a candidate.
type Deployment struct {
	ID        int64 // 0: GitHub refused to make it, or it is asked for
	Asked     bool  // nobody knows yet whether GitHub has made it
	Stage     string
	Promotion int
	Published Published
	Refusal   // that it was made
}
