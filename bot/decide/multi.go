package decide

import "github.com/headstart-cd/headstart/bot/pipeline"

// openPipelines opens the pipelines of the file that were never opened, and looks
// for pushes that nobody has told of: they may bring others.
func (d *decision) openPipelines() {
	if !d.State.Multi() {
		return
	}
	if do := d.State.Opening(); len(do.Names) > 0 {
		d.want(pipeline.OpenKey, do)
	}
	d.sweepHead()
}

// publishesConfig reports whether this pipeline is the one that tells what is wrong
// with the file: of several it is the one without a name, unless another one
// follows a branch that it does not see.
func publishesConfig(s *pipeline.State) bool {
	return s.Pipeline.Name == "" || s.Branch() != s.DefaultBranch
}
