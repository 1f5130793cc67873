package config

// root is the pipeline's file: the keys of a pipeline, or several pipelines.
var root = object{
	is:         "the pipeline's file",
	doc:        "The file `.github/headstart.yml` is read from the tracked branch and never from a pull request.",
	keys:       append(pipelineKeys(), pipelinesKey()),
	exactlyOne: []string{"stages", "pipelines"},
	wants:      []want{buildIsLocal},
}

// buildIsLocal: the embedded platform must be told how to build, Heroku's
// buildpacks know by themselves.
var buildIsLocal = want{
	key: "build", with: "platform", is: "local",
	hint: `write the command that builds the app, or build: "true" if nothing needs to be built`,
}

func pipelineKeys() []key {
	return []key{
		{
			name: "branch", def: "the repository's default branch", example: "branch: main",
			doc:   "The branch that goes to production.",
			value: branchName,
		},
		{
			name: "platform", def: "heroku", example: "platform: heroku",
			doc:   "Where the apps live: on Heroku, or on the embedded platform of the machine that Headstart runs on.",
			value: text{options: []string{"heroku", "local"}},
		},
		{
			name: "build", example: "build: go build -o bin/web .",
			doc: "The command that builds a commit in a clean copy of it. Required with `platform: local` and not " +
				"allowed without; Heroku's buildpacks know by themselves.",
			value: text{is: "a command", lines: true, check: checkCommand(buildIsLocal.hint)},
		},
		{
			name: "prepare", def: "none: the first stage builds, after the checks", example: "prepare: shop-prepare",
			doc: "The app that builds a commit the moment it is pushed, while its checks run. It serves nobody, only " +
				"what it builds matters. One app's name, or the keys below.",
			value: either{appName, prepare},
		},
		{
			name: "checks", def: "what GitHub requires of the branch, or everything that reports if that is nothing",
			example: "checks: [ci/test, lint]",
			doc: "The checks that must pass before the first stage: names of check runs and contexts of commit " +
				"statuses. `none` waits for no check.",
			value: either{
				text{options: []string{"none"}, check: checkChecksWord},
				list{is: "a list of checks", of: checkName},
			},
		},
		{
			name: "changes", example: "changes: {migration: [db/migrate/**], docs: [docs/**, \"*.md\"]}",
			doc: "Classes of change, by the paths of the files that differ. `*` stands for anything within one " +
				"folder's name, `**` for any number of folders. Stages refer to a class by its name.",
			value: table{is: "classes of change by name", name: className, of: list{is: "a list of paths", of: pathGlob}},
		},
		{
			name: "windows", example: "windows: {office-closed: {days: mon-fri, from: \"20:00\", to: \"06:00\", zone: America/Toronto}}",
			doc:   "Times of the week, by name, that stages refer to.",
			value: table{is: "windows by name", name: windowName, of: window},
		},
		{
			name: "freezes", example: "freezes: [{from: 2026-12-23, to: 2027-01-02, zone: America/Toronto, reason: holidays}]",
			doc:   "Days on which nothing is promoted.",
			value: list{is: "a list of freezes", of: freeze},
		},
		{
			name: "stages", example: "stages: [{name: staging, app: shop-staging}, {name: production, app: shop-production}]",
			doc:   "The steps to production, in order. What reaches one stage is the very build that the stage before it ran.",
			value: list{is: "a list of stages", of: stage},
		},
	}
}

func pipelinesKey() key {
	return key{
		name: "pipelines", example: "pipelines: {api: {paths: [services/api/**], stages: [{name: production, app: shop-api}]}}",
		doc:   "Several pipelines of one repository, by name. They take the place of all other keys of the file.",
		value: table{is: "pipelines by name", name: pipelineName, of: pipeline},
	}
}

var pipeline = object{
	is:  "a pipeline",
	doc: "Each of `pipelines` has the keys of a file with one pipeline, and one more.",
	keys: append([]key{{
		name: "paths", def: "every push", example: "paths: [services/api/**]",
		doc:   "Which pushes concern this pipeline: those that change a file with one of these paths.",
		value: list{is: "a list of paths", of: pathGlob},
	}}, required(pipelineKeys(), "stages")...),
	wants: []want{buildIsLocal},
}

func required(keys []key, name string) []key {
	for i := range keys {
		keys[i].required = keys[i].required || keys[i].name == name
	}
	return keys
}

var prepare = object{
	is:  "the keys of prepare",
	doc: "The long form of `prepare`.",
	keys: []key{
		{
			name: "apps", required: true, example: "apps: [shop-prepare, shop-prepare-2]",
			doc:   "The apps that build, one commit at a time each.",
			value: list{is: "a list of apps", of: appName},
		},
		{
			name: "pull_requests", def: "true", example: "pull_requests: false",
			doc:   "Build pull requests of this repository too, so that their merge finds its build done. Those of forks are never built.",
			value: boolean{},
		},
		{
			name: "reuse", def: "tree", example: "reuse: commit",
			doc:   "Which commits a build serves: with `tree` every commit with exactly the same files, with `commit` only its own.",
			value: text{options: []string{"tree", "commit"}},
		},
	},
}

var window = object{
	is:  "a window",
	doc: "One of `windows`. One whose end is earlier than its start goes over midnight and belongs to the day it starts on.",
	keys: []key{
		{name: "days", def: "every day", example: "days: mon-fri", doc: "The days it starts on: days or spans of days, separated by commas.", value: weekdays},
		{name: "from", required: true, example: "from: \"20:00\"", doc: "When it opens, from 00:00 to 23:59.", value: timeOfDay},
		{name: "to", required: true, example: "to: \"06:00\"", doc: "When it closes.", value: timeOfDay},
		{name: "zone", required: true, example: "zone: America/Toronto", doc: "The time zone, by its name in the IANA database.", value: timeZone},
	},
}

var freeze = object{
	is:  "a freeze",
	doc: "One of `freezes`.",
	keys: []key{
		{name: "from", required: true, example: "from: 2026-12-23", doc: "The first day.", value: date},
		{name: "to", required: true, example: "to: 2027-01-02", doc: "The last day.", value: date},
		{name: "zone", required: true, example: "zone: America/Toronto", doc: "The time zone, by its name in the IANA database.", value: timeZone},
		{name: "reason", example: "reason: holidays", doc: "What people are told.", value: shortText},
	},
}

var stage = object{
	is:  "a stage",
	doc: "One of `stages`.",
	keys: []key{
		{
			name: "name", required: true, example: "name: production",
			doc:   "The name of the stage, as in the commit status `headstart/NAME`.",
			value: stageName,
		},
		{name: "app", example: "app: shop-production", doc: "The app of this stage. Either this or `apps`.", value: appName},
		{
			name: "apps", example: "apps: [shop-us, shop-ca]", doc: "The apps of this stage, in the order they are released. Either this or `app`.",
			value: list{is: "a list of apps", of: appName},
		},
		{
			name: "pull_requests", def: "false", example: "pull_requests: true",
			doc:   "Whether `/promote` may put an open pull request on this stage. Those of forks it never may.",
			value: boolean{},
		},
		{
			name: "rehearse", example: "rehearse: {copy_from: shop-us}",
			doc:   "Run the release phase on a copy of another app's database first.",
			value: rehearse,
		},
		{
			name: "verify", example: "verify: {url: https://shop.example.com/healthz}",
			doc:   "Prove after a release that the new version works.",
			value: verify,
		},
		{
			name: "soak", example: "soak: 15m",
			doc:   "How long this stage must stay healthy before the next one.",
			value: duration,
		},
		{
			name: "skip", example: "skip: [docs]",
			doc:   "Classes of change that pass this stage by, if a candidate has no other changes.",
			value: list{is: "a list of classes of change", of: className},
		},
		{
			name: "promote", def: "auto", example: "promote: approval",
			doc:   "Whether a candidate enters this stage by itself or needs somebody's `/approve`.",
			value: text{options: []string{"auto", "approval"}},
		},
		{
			name: "allow", def: "write", example: "allow: maintain",
			doc: "Who may command this stage: everybody with at least the permission `write`, `maintain` or `admin`, the " +
				"members of `team/NAME`, which is a team of the repository's organization by the name in its address, or " +
				"`@NAME`. One of them, or a list of which any one is enough. Questions such as `/why` are everybody's.",
			value: either{person, list{is: "a list of these", of: person}},
		},
		{
			name: "windows", example: "windows: [office-closed]",
			doc:   "Promote only inside one of these windows.",
			value: list{is: "a list of windows", of: windowName},
		},
		{
			name: "hold", example: "hold: {migration: approval}",
			doc:   "What a class of change needs to enter this stage: `approval`, or the name of a window.",
			value: table{is: "what classes of change need", name: className, of: holdFor},
		},
		{
			name: "maintenance", example: "maintenance: [migration]",
			doc:   "Turn maintenance mode on while a change of one of these classes is released.",
			value: list{is: "a list of classes of change", of: className},
		},
		{
			name: "four_eyes", def: "false", example: "four_eyes: true",
			doc:   "Whether an approval must come from somebody other than the author.",
			value: boolean{},
		},
		{
			name: "needs", example: "needs: [acme/api:production]",
			doc:   "Wait until these stages of other repositories' pipelines are at least as new: OWNER/REPOSITORY:STAGE.",
			value: list{is: "a list of stages of other pipelines", of: foreignStage},
		},
		{
			name: "on_failure", def: "rollback", example: "on_failure: hold",
			doc:   "What happens when a release or its verification fails: the last good build goes back, or everything waits for a person.",
			value: text{options: []string{"rollback", "hold"}},
		},
	},
	exactlyOne: []string{"app", "apps"},
}

var rehearse = object{
	is:  "the keys of rehearse",
	doc: "A rehearsal.",
	keys: []key{
		{
			name: "copy_from", required: true, example: "copy_from: shop-us",
			doc:   "The app whose database is copied; one of a later stage.",
			value: appName,
		},
		{
			name: "command", example: "command: ./copy-database",
			doc:   "The command that copies the database. Required with `platform: local` and not allowed without; on Heroku the database's add-on is forked.",
			value: copyCommand,
		},
	},
}

var verify = object{
	is:  "the keys of verify",
	doc: "A verification.",
	keys: []key{
		{name: "url", required: true, example: "url: https://shop-staging.example.com/healthz", doc: "The address that is asked.", value: webAddress},
		{name: "status", def: "200", example: "status: 204", doc: "The HTTP status that the answer must have.", value: number{is: "an HTTP status from 200 to 599", min: 200, max: 599}},
		{name: "contains", example: "contains: ok", doc: "Text that the answer's body must contain.", value: shortText},
		{
			name: "revision", example: "revision: header X-Revision",
			doc:   "Where the answer names the commit that it runs, `header NAME` or `body`; answers of older commits don't count.",
			value: revision,
		},
		{name: "successes", def: "1", example: "successes: 3", doc: "How many good answers in a row are needed.", value: number{is: "a number from 1 to 100", min: 1, max: 100}},
		{name: "within", def: "5m", example: "within: 10m", doc: "How long it may take until they have come.", value: duration},
	},
}
