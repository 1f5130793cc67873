package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	readable "github.com/headstart-cd/headstart"
)

// docsCommand shows the documentation that belongs to this version.
type docsCommand struct {
	Name string `arg:"" optional:"" help:"Print this page, such as gates; without a name all are served on this machine."`
	List bool   `help:"List the pages."`
	Port int    `default:"0" placeholder:"PORT" help:"Serve at this port of 127.0.0.1 (default: any that is free)."`
}

// Completions are the names of the pages.
func (docsCommand) Completions() (names []string) {
	for _, p := range documents(readable.Documentation) {
		names = append(names, p.name)
	}
	return names
}

// Run prints a page, or serves all of them until ctx ends.
func (cmd docsCommand) Run(ctx context.Context, c console) error {
	pages := documents(readable.Documentation)
	switch {
	case cmd.List:
		listDocuments(c, pages)
		return nil
	case cmd.Name != "":
		p, err := findDocument(pages, cmd.Name)
		if err != nil {
			return err
		}
		text, err := readable.Documentation.ReadFile(p.file)
		if err == nil {
			_, err = c.out.Write(text)
		}
		return err
	}
	site, err := newDocsSite(readable.Documentation)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", cmd.Port))
	if err != nil {
		return fmt.Errorf("serve the documentation: %w (choose another port with --port)", err)
	}
	fmt.Fprintf(c.out, "The documentation is at http://%s until Ctrl-C.\nHere: headstart docs NAME, with one of\n\n", listener.Addr())
	listDocuments(c, pages)
	server := &http.Server{Handler: site, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })() // what it served is read already
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the documentation: %w", err)
	}
	return nil
}

func listDocuments(c console, pages []document) {
	for _, p := range pages {
		fmt.Fprintf(c.out, "  %-26s %s\n", p.name, p.title)
	}
}

// findDocument finds a page by its name, by its file, or by the last part of its name.
func findDocument(pages []document, name string) (document, error) {
	wanted := strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(name, "docs/")), ".md")
	var near []string
	for _, p := range pages {
		if p.name == wanted || strings.HasSuffix(p.name, "/"+wanted) {
			return p, nil
		}
		if strings.Contains(p.name, wanted) || strings.HasPrefix(wanted, p.name) {
			near = append(near, p.name)
		}
	}
	if len(near) == 1 {
		return document{}, usage("there is no page %q; did you mean %s?", oneLine(name), near[0])
	}
	return document{}, usage("there is no page %q: headstart docs --list", oneLine(name))
}
