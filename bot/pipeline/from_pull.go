package pipeline

// A candidate may also be the head of an open pull request: Candidate.FromPull. A person
// asked to promote it into a stage that takes pull requests. It passes every gate of a
// commit of the branch, but has no place in the branch's order. The next commit of the
// branch replaces it.

// All lists every candidate: those of the branch, then those of pull requests.
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
