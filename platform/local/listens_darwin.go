package local

// listens is not known on a Mac without its lsof.
func (id identity) listens() []int { return nil }
