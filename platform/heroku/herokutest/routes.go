package herokutest

// routes names every endpoint that is served.
func (s *Server) routes() {
	s.handle("GET /account", s.getAccount)
	s.handle("GET /users/~", s.getAccount)
	s.handle("GET /account/rate-limits", s.getRateLimits)

	s.handle("GET /apps", s.listApps)
	s.handle("POST /apps", s.createApp)
	s.handle("POST /teams/apps", s.createApp)
	s.handle("POST /filters/apps", s.filterApps)
	s.handle("GET /apps/{app}", s.getApp)
	s.handle("PATCH /apps/{app}", s.patchApp)

	s.handle("POST /apps/{app}/builds", s.createBuild)
	s.handle("GET /apps/{app}/builds", s.listBuilds)
	s.handle("GET /apps/{app}/builds/{build}", s.getBuild)
	s.handle("DELETE /apps/{app}/builds/{build}", s.cancelBuild)
	s.handle("GET /apps/{app}/slugs/{slug}", s.getSlug)
	s.handle("GET /apps/{app}/oci-images/{image}", s.getImage)

	s.handle("POST /apps/{app}/releases", s.createRelease)
	s.handle("GET /apps/{app}/releases", s.listReleases)
	s.handle("GET /apps/{app}/releases/{release}", s.getRelease)
	s.handle("GET /apps/{app}/releases/{release}/config-vars", s.releaseConfig)

	s.handle("GET /pipelines", s.listPipelines)
	s.handle("GET /pipelines/{pipeline}", s.getPipeline)
	s.handle("GET /pipelines/{pipeline}/pipeline-couplings", s.pipelineCouplings)
	s.handle("GET /apps/{app}/pipeline-couplings", s.appCoupling)
	s.handle("POST /pipeline-couplings", s.createCoupling)
	s.handle("POST /pipeline-promotions", s.createPromotion)
	s.handle("GET /pipeline-promotions/{promotion}", s.getPromotion)
	s.handle("GET /pipeline-promotions/{promotion}/promotion-targets", s.promotionTargets)

	s.handle("GET /apps/{app}/config-vars", s.getConfig)
	s.handle("PATCH /apps/{app}/config-vars", s.patchConfig)
	s.handle("GET /apps/{app}/buildpack-installations", s.listBuildpacks)
	s.handle("PUT /apps/{app}/buildpack-installations", s.updateBuildpacks)
	s.handle("GET /apps/{app}/github", s.getConnection)
	s.handle("GET /apps/{app}/formation", s.listFormation)
	s.handle("PATCH /apps/{app}/formation", s.patchFormation)
	s.handle("GET /apps/{app}/features", s.listFeatures)
	s.handle("GET /apps/{app}/features/{feature}", s.getFeature)
	s.handle("PATCH /apps/{app}/features/{feature}", s.patchFeature)
	s.handle("GET /apps/{app}/collaborators/{collaborator}", s.getCollaborator)
	s.handle("GET /apps/{app}/dynos", s.listDynos)
	s.handle("POST /apps/{app}/dynos", s.createDyno)

	s.handle("POST /apps/{app}/addons", s.createAddon)
	s.handle("GET /apps/{app}/addons", s.listAddons)
	s.handle("GET /apps/{app}/addons/{addon}", s.getAddonOfApp)
	s.handle("DELETE /apps/{app}/addons/{addon}", s.deleteAddon)
	s.handle("GET /addons/{addon}", s.getAddon)
	s.handle("GET /apps/{app}/addon-attachments", s.listAttachments)

	s.handle("POST /apps/{app}/webhooks", s.createWebhook)
	s.handle("GET /apps/{app}/webhooks", s.listWebhooks)
	s.handle("DELETE /apps/{app}/webhooks/{webhook}", s.deleteWebhook)

	s.handle("POST /apps/{app}/sources", s.createSource)
	s.handle("POST /sources", s.createSource)
	s.mux.HandleFunc("PUT /sources/{source}", s.putSource)
	s.mux.HandleFunc("GET /sources/{source}", s.readSource)
	s.mux.HandleFunc("GET /web/{app}/", s.web)
	s.mux.HandleFunc("GET /streams/{kind}/{id}", s.stream)
}
