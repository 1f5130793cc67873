package decide

import "github.com/headstart-cd/headstart/bot/pipeline"

// openPipelines opens the file's pipelines that were never opened. It also looks for pushes whose webhooks were lost:
// they may add pipelines.
func (d *decision) openPipelines() {
	if !d.State.Multi() {
		return
	}
	if do := d.State.Opening(); len(do.Names) > 0 {
		d.want(pipeline.OpenKey, do)
	}
	d.sweepHead()
}

// publishesConfig reports whether this pipeline publishes the file's errors. Of several pipelines the unnamed one does.
// A pipeline on another branch also does: the unnamed one does not see that branch.
func publishesConfig(s *pipeline.State) bool {
	return s.Pipeline.Name == "" || s.Branch() != s.DefaultBranch
}
