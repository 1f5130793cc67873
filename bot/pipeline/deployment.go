package pipeline

// Deployment is the GitHub Deployment of one promotion of a candidate.
type Deployment struct {
	ID        int64 // 0: GitHub refused it, or was only asked for it
	Asked     bool  // it is unknown yet whether GitHub has made it
	Stage     string
	Promotion int
	Published Published
	Refusal   // of its creation
}
