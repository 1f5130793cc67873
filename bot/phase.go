package bot

// Phase is what a status waits for, or why it stays as it is. Within one phase its text is
// not renewed. The phase of a gate begins with the gate's name (see Gate.phase).
type Phase string

// The phases outside of gates, each with what is waited for:
const (
	PhaseAttributes     Phase = "attributes"       // for .gitattributes
	PhaseBare           Phase = "bare"             // for its files to be known
	PhaseBuild          Phase = "build"            // for the build
	PhaseBuildAgain     Phase = "build again"      // for another build
	PhaseBuildOnStage   Phase = "build on stage"   // for the build on the first stage's own app
	PhaseBuilding       Phase = "building"         // for the stage's own app to build and release
	PhaseChecks         Phase = "checks"           // for the checks
	PhaseChecksAndBuild Phase = "checks and build" // for the checks and the build
	PhaseConfiguration  Phase = "configuration"    // for the pipeline's file
	PhaseCopy           Phase = "copy"             // for the rehearsal to begin
	PhaseCopying        Phase = "copying"          // for the rehearsal
	PhaseDrift          Phase = "drift"            // nothing: a release by hand replaced it
	PhaseFallback       Phase = "fallback"         // for the checks, and then for the build on the first stage
	PhaseGone           Phase = "gone"             // nothing: its subject is gone from the file
	PhaseMaintenance    Phase = "maintenance"      // for the release, in maintenance mode
	PhaseNoMaintenance  Phase = "no maintenance"   // for a maintenance that it needs
	PhaseOrder          Phase = "order"            // nothing: a newer commit went first
	PhaseQueue          Phase = "queue"            // for its turn on a prepare app
	PhaseReleasing      Phase = "releasing"        // for the release
	PhaseSource         Phase = "source"           // for GitHub to know the commit
	PhaseStuck          Phase = "stuck"            // nothing: no prepare app takes it
	PhaseTakingOver     Phase = "taking over"      // for the new version to answer
	PhaseTestMerge      Phase = "test merge"       // for the test merge
	PhaseTrouble        Phase = "trouble"          // for the next attempt: the platform did not accept it
	PhaseUndone         Phase = "undone"           // nothing: it was rolled back
	PhaseVerifying      Phase = "verifying"        // for the verification
)
