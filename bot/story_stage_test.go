package bot_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// stageOptions fills what the config command says of one stage, each as KEY.STAGE=VALUE:
//
//	verify.STAGE=[SUCCESSES]/[WITHIN]/[revision]  its first app's address is asked
//	soak.STAGE=DURATION
//	on_failure.STAGE=hold
func stageOptions(stage *bot.Stage, set map[string]string) (err error) {
	if v, ok := set["verify."+stage.Name]; ok {
		parts := append(strings.Split(v, "/"), "", "", "")
		verify := bot.Verify{URL: bottest.Site(stage.Apps[0]), Status: 200, Successes: 1, Within: 5 * time.Minute}
		if parts[0] != "" {
			if verify.Successes, err = strconv.Atoi(parts[0]); err != nil {
				return err
			}
		}
		if parts[1] != "" {
			if verify.Within, err = time.ParseDuration(parts[1]); err != nil {
				return err
			}
		}
		if parts[2] == "revision" {
			verify.Revision = "body"
		}
		stage.Verify = &verify
	}
	if v := set["soak."+stage.Name]; v != "" {
		if stage.Soak, err = time.ParseDuration(v); err != nil {
			return err
		}
	}
	stage.OnFailure = bot.OnFailure(set["on_failure."+stage.Name])
	return nil
}

// sick WHAT [status=N] [body=TEXT]: a commit, wherever it runs, or an app,
// whatever it runs, answers badly from now on; without a status not at all.
func (s *story) sick(list []string, set map[string]string) error {
	status, err := strconv.Atoi(or(set["status"], "0"))
	s.Sick[list[0]] = bottest.Sickness{Status: status, Body: set["body"]}
	return err
}

// well WHAT: it answers well again.
func (s *story) well(list []string, _ map[string]string) error {
	delete(s.Sick, list[0])
	return nil
}

// alerts shows what people were told of in comments of their own.
func (s *story) alerts(_ []string, _ map[string]string) error {
	for _, a := range s.Alerts {
		s.print("#%d:", a.Number)
		for line := range strings.Lines(a.Body) {
			if line = strings.TrimRight(line, "\n"); line != "" {
				s.print("| %s", line)
			}
		}
	}
	if len(s.Alerts) == 0 {
		s.print("no alerts")
	}
	return nil
}

// describeStage is describe for what is done around a release.
func describeStage(f bot.Finished) (line string, ours bool) {
	switch do := f.Effect.Do.(type) {
	case bot.Probe:
		if seen, ok := f.Fact.(bot.Probed); ok && seen.OK {
			return fmt.Sprintf("%s answers well", do.Stage), true
		} else if ok {
			return fmt.Sprintf("%s does not answer well: %s", do.Stage, seen.Reason), true
		}
		return "probe " + do.Stage, true
	case bot.WriteAlert:
		return fmt.Sprintf("alert in #%d", do.Number), true
	}
	return "", false
}
