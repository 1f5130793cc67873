package pipeline

// RunUnread stands for the run of another commit with the same files, as long as it is
// not known whether it serves this one. It is nowhere stored.
const RunUnread RunStatus = "unread"

// ofOther reports whether a run is that of another commit, and has come to a build.
func (r BuildRun) ofOther(sha string) bool { return r.ID != "" && r.SHA != sha && r.Tree != "" }

// as is a run as it affects a commit that is remembered by the same key.
func (r BuildRun) as(sha string) BuildRun {
	if r.ofOther(sha) && r.Source == "" && r.Status == RunSucceeded {
		return BuildRun{Status: RunUnread, SHA: r.SHA, Tree: r.Tree, App: r.App}
	}
	return r
}

// shared is the run that a key leads a commit to.
func (s *State) shared(key, sha string) (BuildRun, bool) {
	r, ok := s.Builds[key]
	return r.as(sha), ok
}
