package web

// pipelinePage is where a pipeline stands.
type pipelinePage struct {
	Key, Repo, URL   string // URL: of the repository on GitHub
	Branch, Platform string
	Config           string // why the newest file is not in force; empty: it is
	Frozen           string // why nothing is promoted; empty: it is not
	Summary          summary
	Map              valueStream
	Gates            []stageGates // of what the summary is about
	Stages           []stageRow
	Way              []wayRow
}

func (s *site) pipeline(v *visit) (answer, error) {
	r, err := s.reading(v.Context(), v.key)
	if err != nil {
		return answer{}, err
	}
	if r == nil {
		return notFound, nil
	}
	state := r.view.State
	page := pipelinePage{
		Key: v.key.String(), Repo: v.key.Repo.String(), URL: r.repoURL(), Branch: state.Branch(), Platform: state.Config.Platform,
		Summary: r.summary(), Map: r.valueStream(v.seesPipeline), Gates: r.gates(), Stages: r.stages(), Way: r.way(), Config: r.explained.Config,
	}
	if state.Freeze.Active(r.view.Now) {
		page.Frozen = state.Freeze.Text()
	}
	return answer{page: "pipeline", title: v.key.String(), data: page}, nil
}
