package main

import (
	"context"
	"fmt"
	"net"

	"go.uber.org/zap"
)

type serveCommand struct{ settings }

// Run serves until ctx ends, and then drains.
func (cmd serveCommand) Run(ctx context.Context, wrong mistakes) error {
	relaxCollector()
	cmd.wrong = wrong
	if err := cmd.check(); err != nil {
		if cmd.GitHub.AppID == 0 && len(wrong) == 0 {
			err = fmt.Errorf("%w\n\n`headstart setup` makes the GitHub App, and a file of settings for --env-file", err)
		}
		return err
	}
	log, err := cmd.logger()
	if err != nil {
		return err
	}
	defer log.Sync() //nolint:errcheck // standard error cannot be synchronised everywhere
	if err := keepSecrets(); err != nil {
		log.Warn("the memory of this process could not be closed to other processes of this user", zap.Error(err))
	}
	for _, warning := range cmd.warnings() {
		log.Warn(warning)
	}
	s, err := openServer(ctx, cmd.settings, wiring{Logger: log})
	if err != nil {
		return err
	}
	forgetSecrets() // the last one to be read is the database's
	if err := s.introduce(ctx); err != nil {
		s.close()
		return err
	}
	s.noteStart(ctx, cmd.settings)
	listener, err := net.Listen("tcp", cmd.listenAddr())
	if err != nil {
		s.close()
		return fmt.Errorf("HEADSTART_ADDR or PORT: cannot %w", err)
	}
	log.Info("headstart is listening", zap.Stringer("address", listener.Addr()), zap.String("version", version()))
	return s.serve(ctx, listener)
}
