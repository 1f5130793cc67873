package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthyCommand struct {
	Addr string `env:"HEADSTART_ADDR" placeholder:"ADDRESS" help:"Where the server listens, such as :8080; wins over --port."`
	Port string `env:"PORT" default:"8080" help:"The server's port."`
}

// Run reports by its exit code whether a server on this machine is ready: for container images, which have no curl.
func (cmd healthyCommand) Run(ctx context.Context) error {
	addr := settings{Addr: cmd.Addr, Port: cmd.Port}.listenAddr()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("HEADSTART_ADDR: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New("the server answers " + res.Status)
	}
	return nil
}
