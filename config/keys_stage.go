package config

var stage = object{
	is:  "a stage",
	doc: "One of `stages`.",
	keys: []key{
		{
			name: "name", required: true, example: "name: production",
			doc:   "The name of the stage, as in the commit status `headstart/NAME`; with several pipelines `headstart/PIPELINE/NAME`.",
			value: stageName,
			says:  "1. production: builds and runs on shop-production, once the checks have passed.",
		},
		{
			name: "app", example: "app: shop-production", doc: "The app of this stage. Either this or `apps`.", value: appName,
			says: "1. production: builds and runs on shop-production, once the checks have passed.",
		},
		{
			name: "apps", example: "apps: [shop-us, shop-ca]",
			doc: "The apps of this stage, in the order they are released. Either this or `app`. The stage has a build only " +
				"when each of them has it.",
			value: list{is: "a list of apps", of: appName},
			says:  "2. production: the very same build goes to shop-us and shop-ca, once staging runs it.",
		},
		{
			name: "pull_requests", def: "false", example: "pull_requests: true",
			doc:   "Whether `/promote` may put an open pull request on this stage. Those of forks it never may.",
			value: boolean{},
			says:  "/promote also puts an open pull request of this repository on staging.",
		},
		{
			name: "production", def: "true for the last stage, if no stage says it", example: "production: true",
			doc:   "Whether a release to this stage counts as deployed in [insights](insights.md). Several stages may say it, such as one for each region.",
			value: boolean{},
			says:  "What is released to production counts as deployed.",
		},
		{
			name: "rehearse", example: "rehearse: {copy_from: shop-us}",
			doc: "Run the release phase in this stage on a copy of the database of another app, before that app's own stage does it " +
				"for real. The copy is made for it and removed again, whatever happens. A rehearsal has one app.",
			value: rehearse,
			says:  "Its release phase runs on a copy of the database of shop-us, which is removed again afterwards.",
		},
		{
			name: "verify", example: "verify: {url: https://shop.example.com/healthz}",
			doc: "Prove after a release that the new version works, by asking an address until it has answered well often " +
				"enough. Without it a release is proved by its release phase alone.",
			value: verify,
			says:  "Verified: https://shop.example.com/healthz must answer with status 200, within 5m of the release.",
		},
		{
			name: "soak", example: "soak: 15m",
			doc: "How long this stage must stay healthy before the next one. What `verify` asks is asked again all that time; without " +
				"`verify` only time passes. After the last stage nothing waits, so there it takes `verify`. At most 7d.",
			value: duration,
			says:  "It is asked again and again for another 15m before production.",
		},
		{
			name: "skip", example: "skip: [docs]",
			doc: "Classes of change that pass this stage by, if a candidate has no other changes: it goes on to the next stage " +
				"at once. Not for the first stage, which nothing goes before.",
			value: list{is: "a list of classes of change", of: className},
			says:  "It is skipped when nothing but docs has changed.",
		},
		{
			name: "promote", def: "auto", example: "promote: approval",
			doc: "Whether a candidate enters this stage without a person, or needs an `/approve` or `/promote` by someone in `allow`. " +
				"An approval is for one build on top of what is live; when either changes it lapses.",
			value: text{options: []string{"auto", "approval"}},
			says:  "Waits for an /approve.",
		},
		{
			name: "allow", def: "write", example: "allow: maintain",
			doc: "Who may command this stage: everybody with at least the permission `write`, `maintain` or `admin`, the " +
				"members of `team/NAME`, which is a team of the repository's organization by the name in its address, or " +
				"`@NAME`. A named person or team member needs `write` as well, because a name may pass to another account. " +
				"One of them, or a list of which any one is enough. Questions such as `/why` are everybody's; of people without `write` five comments an hour are answered.",
			value: either{person, list{is: "a list of these", of: person}},
			says:  "In comments on pull requests, by everybody who may maintain the repository.",
		},
		{
			name: "windows", example: "windows: [office-closed]",
			doc:   "Enter this stage only inside one of these windows.",
			value: list{is: "a list of windows", of: windowName},
			says:  "Entered only while office-closed is open.",
		},
		{
			name: "hold", example: "hold: {migration: approval}",
			doc:   "What a class of change needs to enter this stage: `approval`, or the name of a window.",
			value: table{is: "what classes of change need", name: className, of: holdFor},
			says:  "A change of migration waits for an /approve.",
		},
		{
			name: "maintenance", example: "maintenance: [migration]",
			doc:   "Turn maintenance mode on while a change of one of these classes is released.",
			value: list{is: "a list of classes of change", of: className},
			says:  "Maintenance mode is on while a change of migration is released, and off again after it.",
		},
		{
			name: "four_eyes", def: "false", example: "four_eyes: true",
			doc:   "Whether an approval, by `promote` or by `hold`, must come from a person who made and pushed none of what would go live.",
			value: boolean{},
			says:  "Waits for an /approve by a person who made none of it.",
		},
		{
			name: "needs", example: "needs: [acme/api:production]",
			doc: "Wait until these stages of other pipelines run everything that was pushed there before this: " +
				"OWNER/REPOSITORY:STAGE, or " +
				"OWNER/REPOSITORY:PIPELINE:STAGE where that repository has several. They may be pipelines of this repository, if none " +
				"waits for itself in the end.",
			value: list{is: "a list of stages of other pipelines", of: foreignStage},
			says:  "Waits until the stage production of acme/api runs everything that was pushed there before.",
		},
		{
			name: "on_failure", def: "rollback", example: "on_failure: hold",
			doc: "What happens when a release or its verification fails: with `rollback` the last good build goes back on " +
				"every app of the stage, which is locked then; with `hold` everything stays as it is until a person does " +
				"something. Where there is no good build to go back to, `rollback` holds too.",
			value: text{options: []string{"rollback", "hold"}},
			says:  "When a release fails, everything stays as it is until a person steps in.",
		},
	},
	exactlyOne: []string{"app", "apps"},
	also: []schema{
		{ // four_eyes is about an approval
			"if":   hasThe("four_eyes", schema{"const": true}),
			"then": schema{"anyOf": []schema{hasThe("promote", schema{"const": byApproval}), has("hold")}},
		},
		{"if": has("rehearse"), "then": schema{"properties": schema{"apps": schema{"type": "array", "maxItems": 1}}}},
	},
}

var rehearse = object{
	is:  "the keys of rehearse",
	doc: "A rehearsal.",
	keys: []key{
		{
			name: "copy_from", required: true, example: "copy_from: shop-us",
			doc:   "The app whose database is copied; one of a later stage.",
			value: appName,
			says:  "Its release phase runs on a copy of the database of shop-us, which is removed again afterwards.",
		},
		{
			name: "command", example: "command: ./copy-database",
			doc: "The command that copies the database. Required with `platform: local` and not allowed without; on Heroku the " +
				"database's add-on is forked.",
			value: copyCommand,
			says:  "To make the copy it runs: ./copy-database",
		},
	},
}

var verify = object{
	is:  "the keys of verify",
	doc: "A verification.",
	keys: []key{
		{
			name: "url", required: true, example: "url: https://shop-staging.example.com/healthz",
			doc: "The address that is asked, one for all apps of the stage. Redirects are followed on the same host only. Private " +
				"addresses are refused unless the server's `HEADSTART_PRIVATE_URLS` allows them.", value: webAddress,
			says: "Verified: https://shop-staging.example.com/healthz must answer",
		},
		{
			name: "status", def: "200", example: "status: 204",
			doc:   "The HTTP status that the answer must have.",
			value: number{is: "an HTTP status from 200 to 599", min: 200, max: 599},
			says:  "must answer with status 204, within 5m of the release.",
		},
		{
			name: "contains", example: "contains: ok", doc: "Text that the first 64 KiB of the answer's body must contain.", value: shortText,
			says: "must answer with status 200 and contain \"ok\", within 5m of the release.",
		},
		{
			name: "revision", example: "revision: header X-Revision",
			doc: "Where the answer names the commit that it runs, by its SHA or at least the first seven digits of it: " +
				"`header NAME` or `body`. Answers of other commits don't count. Without it " +
				"none counts while the platform may still let the version before answer, which on Heroku with preboot takes minutes.",
			value: revision,
			says:  "Only answers count whose header X-Revision names the commit.",
		},
		{
			name: "successes", def: "1", example: "successes: 3",
			doc:   "How many good answers in a row are needed.",
			value: number{is: "a number from 1 to 100", min: 1, max: 100},
			says:  "must answer with status 200, 3 times in a row, within 5m of the release.",
		},
		{
			name: "within", def: "5m", example: "within: 10m", doc: "How long it may take until they have come.", value: duration,
			says: "within 10m of the release.",
		},
	},
	also: []schema{{ // an answer without a body
		"if":   hasThe("status", schema{"enum": []int{204, 205, 304}}),
		"then": schema{"not": has("contains"), "properties": schema{"revision": schema{"type": "string", "pattern": "^header "}}},
	}},
}
