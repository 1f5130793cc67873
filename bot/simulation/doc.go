// Package simulation puts the real decisions and the real engine through random
// histories, in a world in which everything goes wrong that can: the proof that
// nothing is lost and nothing is done twice.
//
// Everything runs in one process and on a driven clock, and at any moment one thing
// goes on, also where an instance does several at once (atonce_test.go), so that a
// seed replays a history exactly:
//
//	people, CI ──▶ GitHub ──webhooks that get lost──▶ inbox ─┐
//	                 ▲                                       ▼
//	                 │   ┌── calls that fail ◀── instances of bot/engine
//	apps ◀───────────┴───┘                      │ which die ▲
//	                                            ▼           │
//	                                     store ──▶ jobs ────┘
//
// After every step the ten sentences under "What is promised" in
// docs/reliability.md are held against the simulated truth, not against what the bot
// believes: sentences_test.go lists them, and each has a file of its name, such as
// nothing_twice_test.go. What stages ask for besides is drawn for each history in
// verify_test.go and demands_test.go: verification and soak, windows and freezes,
// classes of change, approvals, maintenance mode, rehearsals. Its parts of the
// sentences stand beside it, and so do those of pipelines that not every push affects
// (paths_test.go), of apps that ran something before the bot came (adoption_test.go),
// of those that need a stage of another pipeline (needs_test.go), which the history
// moves by hand, and of GitHub's merge queue (queue_test.go), and of a prepare app
// that another repository shares (shared_test.go).
//
// TestHistories runs 160 histories, or 140 others with HEADSTART_TEST=long. More of them:
//
//	go test ./bot/simulation -run TestHistories -timeout 6h -rapid.checks=5000 -rapid.seed=0
//
// runs 20 × 5,000 that nobody has seen before: without -rapid.seed=0 they are the
// same ones each time. A history that fails is made as small as it gets and told as a
// story, with the seed that replays it. TestMutants runs the simulation on
// deliberately wrong deciders, each of which it has to catch:
//
//	go test ./bot/simulation -run TestMutants -mutants
package simulation
