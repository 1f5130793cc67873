package pipeline

// A candidate may also be the head of an open pull request that somebody asked to
// promote, into a stage that takes pull requests: Candidate.FromPull. It passes every
// gate that a commit of the branch passes, but is not part of the branch's order: the
// next commit of the branch takes the stage back.

// All lists every candidate: those of the branch, and those from pull requests.
func (s *State) All() []*Candidate {
	list := make([]*Candidate, 0, len(s.Candidates)+len(s.FromPulls))
	for i := range s.Candidates {
		list = append(list, &s.Candidates[i])
	}
	for i := range s.FromPulls {
		list = append(list, &s.FromPulls[i])
	}
	return list
}
