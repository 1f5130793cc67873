package bot

import "time"

// A merge group is a commit that GitHub's merge queue is about to merge. It stands on a
// branch of the queue, where the required checks run. It is built ahead like a pull
// request. It becomes a candidate when the branch moves to it; its build and its checks
// are done by then.

// MergeGroupChanged is a merge group whose checks are requested, or that is gone.
type MergeGroupChanged struct {
	Head   string    // full SHA of the group's commit
	Tree   string    // of Head; empty: unknown
	Title  string    // first line of Head's message
	Branch string    // the branch it is to be merged into, without refs/heads/
	Base   string    // full SHA of Head's base: the branch's head, or the group before
	Pull   int       // the last pull request in the group; 0: unknown
	MadeAt time.Time // when Head was made; zero: unknown
	// Destroyed is GitHub's reason why the group is gone: merged, invalidated or dequeued.
	// It is empty while checks are requested.
	Destroyed string
}

func (MergeGroupChanged) fact() {}
