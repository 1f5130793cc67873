package bot

import "time"

// A merge group is what GitHub's merge queue is about to merge: a commit on a branch
// of the queue's own, on which the required checks run. It is built ahead like a pull
// request, and is no candidate until the branch itself moves to it. By then its build
// is done, and what its checks came to is known.

// MergeGroupChanged is a merge group of which checks are requested, or one that is gone.
type MergeGroupChanged struct {
	Head   string    // full SHA of the group's commit
	Tree   string    // of Head; empty: not told
	Title  string    // first line of Head's message
	Branch string    // that the group is to be merged into, without refs/heads/
	Base   string    // full SHA that Head was made on: the branch's head, or the group before
	Pull   int       // the last pull request in the group; 0: not known
	MadeAt time.Time // when Head was made; zero: not told
	// Destroyed is GitHub's word for why the group is gone: merged, invalidated or
	// dequeued. It is empty while checks are requested.
	Destroyed string
}

func (MergeGroupChanged) fact() {}
