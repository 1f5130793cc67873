package insight

// Definition says how a number is counted.
type Definition struct{ ID, Name, Text string }

// Definitions are those of all numbers, as pages and the manual show them.
var Definitions = []Definition{
	{"deploys", "Deployments", "A deployment is a promotion into production that was released on all apps, was proved, and changed what runs. Production is the last stage, or each that says `production: true`. Rollbacks, repeated releases of the same artifact, and releases by hand are no deployments. A working day is Monday to Friday, by the pipeline's clocks."},
	{"lead", "Lead time for changes", "The time from the push of a change to the branch until production was proved to run it. It counts each change that production runs for the first time: the deployed one, and every earlier push that went live with it. The median is the middle one; 85 of 100 took no longer than the second time."},
	{"failed", "Change failure rate", "The share of deployments that failed within `failure_window` of their release (24 hours, if the pipeline's file says nothing). A deployment failed if its verification or soak failed after the switch, somebody rolled production back from it, an `--urgent` promotion or a revert of one of its commits followed, or somebody said `/incident`. Each fails at most once. One that is younger than the window and has not failed is not counted yet. A release on all apps whose verification failed is counted here, although it never became a deployment. A release phase that failed and left the old version running is a failed attempt, and is not counted."},
	{"recovery", "Failed deployment recovery time", "The time from the release of a deployment that failed until production was good again: the proof of a rollback, or of the next deployment that did not fail. What is not good again is listed as open, and is not in the median."},
	{"rework", "Rework rate", "The share of deployments that correct others: they were `--urgent`, carried a revert of a commit that was deployed within the window, or came within the window after a deployment that failed."},
	{"start", "Head start", "Saved is the time that builds ran beside the checks of changes that went live. Spared are builds that were not needed, because the same files were built before: as another commit, a pull request or a merge group; each counts as long as the median build. Wasted are builds that no stage ever ran."},
	{"parts", "Where the time goes", "The lead times of all changes, added up by what each change did at a moment: it was built, checked, released or proved, or a gate held it. What was superseded goes on as “carried by a newer change” until that one is live."},
	{"culprits", "What failed most, and what people waited for", "A check is flaky for a commit if it was red and later green. A check made a change wait if it was the last to finish and nothing else was left to do: for as long as it finished after the check before it."},
}
