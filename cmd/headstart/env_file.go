package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/headstart-cd/headstart/setup"
)

// envFile is a file of settings, such as `headstart setup` writes.
type envFile string

// BeforeResolve has the file say what neither the environment nor a flag says.
func (envFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(envFile))
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("--env-file: %w", err)
	}
	values, err := setup.ReadEnv(path)
	if err != nil {
		return fmt.Errorf("--env-file: %w", err)
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil
			}
		}
		for _, name := range flag.Envs {
			if value, set := values[name]; set {
				return value, nil
			}
		}
		return nil, nil
	}))
	return nil
}
