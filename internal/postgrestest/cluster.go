// Package postgrestest starts a PostgreSQL server for tests, from the binaries on this
// machine.
package postgrestest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// URLVar names a PostgreSQL server to use, as a role that may create databases, in
// place of one that is started.
const URLVar = "HEADSTART_TEST_DATABASE_URL"

// ErrMissing says that there are no binaries to start a server from.
var ErrMissing = errors.New("PostgreSQL is missing: set " + URLVar + ", or install the server (Debian: apt-get install postgresql)")

// Cluster is a PostgreSQL server in a temporary folder, served on a socket there.
type Cluster struct {
	bin, dir string
	options  []string
	attr     *syscall.SysProcAttr // PostgreSQL refuses to run as root, so root runs it as nobody
}

// New makes a cluster and serves it, until [Cluster.Remove]. The options, such as
// fsync=on, take the place of its own.
func New(options ...string) (_ *Cluster, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return nil, ErrMissing
		}
		found = []string{path}
	}
	c := &Cluster{bin: filepath.Dir(slices.Max(found)), options: options}
	// A socket's path may have about 100 bytes, fewer than some folders of tests.
	if c.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(c.dir))
		}
	}()
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		if err := os.Chown(c.dir, uid, gid); err != nil {
			return nil, err
		}
		c.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if err := c.run("initdb", "-D", c.data(), "-U", "headstart", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	return c, c.Start()
}

// URL is that of the maintenance database.
func (c *Cluster) URL() string { return "postgres://headstart@/postgres?host=" + c.dir }

// Start serves the cluster.
func (c *Cluster) Start() error {
	// Processes die in these tests and the machine does not, so the server need not
	// wait for the disk.
	all := "-c listen_addresses='' -k " + c.dir + " -c max_connections=200 -c fsync=off"
	for _, o := range c.options {
		all += " -c " + o
	}
	return c.run("pg_ctl", "-D", c.data(), "-w", "-l", filepath.Join(c.dir, "log"), "-o", all, "start")
}

// Stop ends the server and all connections as a power cut does.
func (c *Cluster) Stop() error {
	return c.run("pg_ctl", "-D", c.data(), "-m", "immediate", "stop")
}

// Remove stops the server and removes what it stored.
func (c *Cluster) Remove() error { return errors.Join(c.Stop(), os.RemoveAll(c.dir)) }

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = c.dir, c.attr
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // the server keeps the output open
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%s: %w\n%s", name, err, out.String())
	}
	return nil
}
