package gate

// Sought lists, by build key, the commits that would use the build.
func (v *View) Sought() map[string][]string {
	s, m := v.State, map[string][]string{}
	ahead := func(sha, tree string) {
		for _, key := range []string{s.AheadKey(sha, tree), s.BranchKey(sha, tree)} {
			m[key] = append(m[key], sha)
		}
	}
	for _, c := range s.All() {
		switch {
		case c.Artifact != "" || c.Cancelled != nil || c.Tree == "" || v.Overtaken(c, v.FirstStage()):
		case c.FromPull:
			ahead(c.SHA, c.Tree)
		default:
			key := s.KeyOf(c)
			m[key] = append(m[key], c.SHA)
		}
	}
	if v.BuildsPulls() {
		for _, p := range s.Pulls {
			if p.Open && !p.Fork && p.ReadHead == p.Head && p.Base == s.Branch() && p.TestTree != "" {
				ahead(p.TestMerge, p.TestTree)
			}
		}
	}
	for _, g := range v.Groups() {
		ahead(g.Head, g.Tree)
	}
	return m
}
