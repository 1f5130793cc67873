package local

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// Inspect looks what should be known of an app before anything is promoted to it.
// Any app that could exist does, and the router switches at once; what may be
// missing is a config var.
func (p *Platform) Inspect(ctx context.Context, name, source string) (bot.Inspected, error) {
	if !appName.MatchString(name) {
		return bot.Inspected{App: bot.App{Name: name}, Problem: fmt.Sprintf("%q is no name for an app: use lowercase letters, digits and hyphens", name)}, nil
	}
	app, err := p.App(ctx, name)
	if err != nil {
		return bot.Inspected{}, err
	}
	found := bot.Inspected{App: app}
	if source == "" {
		return found, nil
	}
	var vars [2]environ
	for i, of := range []string{source, name} {
		a, err := p.app(ctx, of)
		if err != nil {
			return bot.Inspected{}, err
		}
		if vars[i], err = readConfigVars(a.varsFile()); err != nil {
			found.Warnings = append(found.Warnings, fmt.Sprintf("the config vars of %s cannot be read", of))
			return found, nil
		}
	}
	var missing []string
	for name := range vars[0] {
		if _, ok := vars[1][name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		found.Warnings = append(found.Warnings, fmt.Sprintf("%s lacks config vars that %s has: %s", name, source, strings.Join(missing, ", ")))
	}
	return found, nil
}
