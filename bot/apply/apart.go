package apply

import "github.com/headstart-cd/headstart/bot/pipeline"

// landOnBranch prepares the candidate for a pull request's head that the branch has moved to. It keeps what was
// published, but no progress: the head was built on an app for pull requests. A promotion of the head in progress
// remains the head's.
func landOnBranch(s *pipeline.State, fresh, head *pipeline.Candidate) {
	fresh.Published, fresh.Deployments, fresh.Diffs = head.Published, head.Deployments, head.Diffs
	fresh.Pull, fresh.PullSought = head.Pull, head.PullSought
	if fresh.Tree == "" {
		fresh.Tree = head.Tree
	}
	head.Published, head.Deployments = nil, nil
}

// promoting reports whether a promotion of a pull request's head is in progress.
func promoting(s *pipeline.State, head *pipeline.Candidate) bool {
	for _, st := range s.Stages {
		if p := st.Promoting; p != nil && p.FromPull && p.SHA == head.SHA {
			return true
		}
	}
	return false
}

// separatePulls removes from the branch's candidates the progress of the same commit as a pull request's head. It runs
// once pull requests have apps of their own: the push that configures them may be of such a head.
func separatePulls(s *pipeline.State) {
	for i := range s.Candidates {
		c := &s.Candidates[i]
		if head := s.FromPull(c.SHA); head != nil && (c.Artifact == "" || c.Artifact == head.Artifact) {
			c.Progress, c.Approvals = nil, nil
			c.Artifact, c.ArtifactApp, c.ArtifactSHA = "", "", ""
		}
	}
}
