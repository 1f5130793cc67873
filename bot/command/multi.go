package command

func InPipeline(pipeline, stage string) string {
	if pipeline == "" || stage == "" {
		return stage
	}
	return pipeline + ":" + stage
}
