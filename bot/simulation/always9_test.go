package simulation

import "slices"

// mayTouch is sentence 9: a repository touches only the apps that the operator
// allowed it.
func (s *sim) mayTouch(in *instance, app string) {
	if !slices.Contains(in.allowed, app) {
		s.fail(9, "%s asks the platform about %s, which the repository may not use", in.name, app)
	}
}
