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
			doc: "The branch that goes to production. Only the default branch's file names it: someone who may push another branch cannot make it the deployed one. " +
				"That branch has a copy of the file, which says how it is deployed; one that names yet another branch, or none at all, holds its commits.",
			value: branchName,
			says:  "Every push to main goes to production, on Heroku.",
		},
		{
			name: "platform", def: "heroku", example: "platform: local",
			doc:   "Where the apps live: on Heroku, or on the embedded platform of the machine that Headstart runs on.",
			value: text{options: []string{"heroku", "local"}},
			says:  "Every push to the repository's default branch goes to production, on the machine that Headstart runs on.",
		},
		{
			name: "build", example: "build: go build -o bin/web .",
			doc: "The command that builds a commit in a clean copy of it. Required with `platform: local` and not " +
				"allowed without; Heroku's buildpacks know by themselves. A commit is built by the command of its own file, and " +
				"what one command has built never serves a commit that is built by another.",
			value: text{is: "a command", lines: true, check: checkCommand(buildIsLocal.hint)},
			says:  "A build runs: go build -o bin/web .",
		},
		{
			name: "prepare", def: "none: the first stage builds, after the checks", example: "prepare: shop-prepare",
			doc: "The app that builds a commit the moment it is pushed, while its checks run. It serves nobody, only " +
				"what it builds matters. One app's name, or the keys below.",
			value: either{appName, prepare},
			says:  "On shop-prepare, from the moment of the push, while the checks run.",
		},
		{
			name: "checks", def: "what GitHub requires of the branch, or everything that reports if that is nothing",
			example: "checks: [ci/test, lint]",
			doc: "The checks that must pass before the first stage: names of check runs and contexts of commit " +
				"statuses, or the keys below. `none` waits for no check. Everybody who may write to the repository may set a " +
				"status, of any name: pin a check to the App that reports it, as in `{name: lint, app: github-actions}`.",
			value: either{
				text{options: []string{"none"}, check: checkChecksWord},
				list{is: "a list of checks", of: either{checkName, pinned}},
			},
			says: "ci/test and lint must pass before the first stage; nothing else is waited for.",
		},
		{
			name: "changes", example: "changes: {migration: [db/migrate/**], docs: [docs/**, \"*.md\"]}",
			doc: "Classes of change, by the paths of the files that differ between what is live on a stage and what is to enter it. " +
				"`*` stands for anything within one folder's name, `**` for any number of folders: `*.md` means those at the top of the " +
				"repository, `**/*.md` those in every folder, and docs the folder with everything in it, or a file of that name. A file may belong to several classes. Where so many files differ that GitHub " +
				"does not list them all, the change is of every class. Stages refer to a class by its name.",
			value: table{is: "classes of change by name", name: className, of: list{is: "a list of paths", of: pathGlob}},
			says:  "migration: files like db/migrate/**.",
		},
		{
			name: "windows", example: "windows: {office-closed: {days: mon-fri, from: \"20:00\", to: \"06:00\", zone: America/Toronto}}",
			doc:   "Times of the week, by name, that stages refer to.",
			value: table{is: "windows by name", name: windowName, of: window},
			says:  "office-closed: Monday to Friday from 20:00 to 06:00 of the next day, by the clocks of America/Toronto.",
		},
		{
			name: "freezes", example: "freezes: [{from: 2026-12-23, to: 2027-01-02, zone: America/Toronto, reason: holidays}]",
			doc:   "Days on which nothing is promoted, to any stage of the pipeline.",
			value: list{is: "a list of freezes", of: freeze},
			says:  "From 2026-12-23 to 2027-01-02, by the clocks of America/Toronto, nothing is promoted: holidays",
		},
		{
			name: "stages", example: "stages: [{name: staging, app: shop-staging}, {name: production, app: shop-production}]",
			doc:   "The steps to production, in order. What reaches one stage is the very build that the stage before it ran.",
			value: list{is: "a list of stages", of: stage},
			says:  "2. production: the very same build goes to shop-production, once staging runs it.",
		},
		{
			name: "insights", example: "insights: {failure_window: 12h}",
			doc:   "How the numbers of deployments are counted: see [insights](insights.md).",
			value: insights,
			says:  "A release has failed if it is taken back, or corrected in a hurry, within 12h.",
		},
	}
}

var insights = object{
	is:  "the keys of insights",
	doc: "How the numbers of deployments are counted: see [insights](insights.md).",
	keys: []key{
		{
			name: "failure_window", def: "24h", example: "failure_window: 12h",
			doc:   "How long after a release to production a rollback, a revert, an `--urgent` promotion or an `/incident` counts against it. At most 7d.",
			value: duration,
			says:  "A release has failed if it is taken back, or corrected in a hurry, within 12h.",
		},
		{
			name: "zone", def: "UTC", example: "zone: America/Toronto", doc: "The time zone of its days and weeks, by its name in the IANA database.", value: timeZone,
			says: "Days and weeks are those of America/Toronto.",
		},
	},
}

func pipelinesKey() key {
	return key{
		name: "pipelines", example: "pipelines: {api: {paths: [services/api/**], stages: [{name: production, app: shop-api}]}}",
		doc: "Several pipelines of one repository, by name. They take the place of all other keys of the file. No app may " +
			"serve two of them; their stages may have the same names. " +
			"Each has its own statuses and comments, and a command may name its pipeline, as in `/promote api:production`.",
		value: table{is: "pipelines by name", name: pipelineName, of: pipeline},
		says:  "Pushes to the repository's default branch that change a file like services/api/** go to production, on Heroku.",
	}
}

var pipeline = object{
	is:  "a pipeline",
	doc: "Each of `pipelines` has the keys of a file with one pipeline, and one more.",
	keys: append([]key{{
		name: "paths", def: "every push", example: "paths: [services/api/**]",
		doc: "Which pushes affect this pipeline: those that change a file with one of these paths, or " +
			"`.github/headstart.yml` itself.",
		value: list{is: "a list of paths", of: pathGlob},
		says:  "Other pushes do not affect this pipeline.",
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
			says:  "On shop-prepare or shop-prepare-2, from the moment of the push, while the checks run; 2 at a time.",
		},
		{
			name: "pull_requests", def: "true", example: "pull_requests: false",
			doc: "Build pull requests of this repository too, so that their merge finds its build done. Those of forks are never built. " +
				"With `true` they build on the apps that build the branch, with their build cache and config vars: anyone who may push any branch can " +
				"plant something in the branch's next build. Where that matters, give them apps of their own.",
			value: either{boolean{}, pullRequests},
			says:  "Not built ahead: prepare.pull_requests is false.",
		},
		{
			name: "reuse", def: "tree", example: "reuse: commit",
			doc:   "Which commits a build serves: with `tree` every commit with exactly the same files, with `commit` only its own.",
			value: text{options: []string{"tree", "commit"}},
			says:  "Every commit is built for itself, even if another with the same files was built before.",
		},
	},
}

var pullRequests = object{
	is: "apps of their own",
	doc: "Pull requests, merge groups, and heads that `/promote` puts on a stage build on these apps and nowhere else. The branch reuses " +
		"nothing that was built there: every merge is built again. Only the branch's file counts, never a pull request's.",
	keys: []key{{
		name: "apps", required: true, example: "apps: [shop-prepare-pr]",
		doc: "The apps that build pull requests, one commit at a time each. None of them may build the branch or serve a stage. On Heroku, create them " +
			"anew and give them no secrets.",
		value: list{is: "a list of apps", of: appName},
		says:  "Those of this repository are built on shop-prepare-pr, those of forks never.",
	}},
}

var pinned = object{
	is:  "a check of one App",
	doc: "The long form of a check in `checks`.",
	keys: []key{
		{
			name: "name", required: true, example: "name: lint", doc: "The name of the check run.", value: checkName,
			says: "lint must pass before the first stage",
		},
		{
			name: "app", def: "any App, and any person who may set a status", example: "app: github-actions",
			doc: "The App that reports the check, by the name in its address `https://github.com/apps/NAME`; that of GitHub Actions is " +
				"github-actions. Check runs of other Apps do not count, and commit statuses never do.",
			value: appSlug,
			says:  "lint of github-actions must pass before the first stage",
		},
	},
}

var window = object{
	is:  "a window",
	doc: "One of `windows`. One whose end is earlier than its start goes over midnight and belongs to the day it starts on.",
	keys: []key{
		{
			name: "days", def: "every day", example: "days: mon-fri",
			doc: "The days it starts on: days or spans of days, separated by commas. A span may go over the end of the week: " +
				"`fri-mon` is four days.",
			value: weekdays,
			says:  "office-closed: Monday to Friday from 20:00",
		},
		{
			name: "from", required: true, example: "from: \"20:00\"", doc: "When it opens, from 00:00 to 23:59.", value: timeOfDay,
			says: "from 20:00",
		},
		{
			name: "to", required: true, example: "to: \"06:00\"", doc: "When it closes; with 24:00 at the end of the day.", value: endOfTime,
			says: "to 06:00 of the next day",
		},
		{
			name: "zone", required: true, example: "zone: America/Toronto", doc: "The time zone, by its name in the IANA database.", value: timeZone,
			says: "by the clocks of America/Toronto.",
		},
	},
}

var freeze = object{
	is:  "a freeze",
	doc: "One of `freezes`.",
	keys: []key{
		{
			name: "from", required: true, example: "from: 2026-12-23", doc: "The first day, from midnight.", value: date,
			says: "From 2026-12-23 to 2027-01-02",
		},
		{
			name: "to", required: true, example: "to: 2027-01-02", doc: "The last day, to midnight. May be the first one too.", value: date,
			says: "From 2026-12-23 to 2027-01-02",
		},
		{
			name: "zone", required: true, example: "zone: America/Toronto", doc: "The time zone, by its name in the IANA database.", value: timeZone,
			says: "by the clocks of America/Toronto, nothing is promoted",
		},
		{
			name: "reason", example: "reason: holidays", doc: "What people are told.", value: shortText,
			says: "nothing is promoted: holidays",
		},
	},
}
