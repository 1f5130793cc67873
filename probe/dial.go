package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

const (
	// maxAddresses is how many of a name's addresses are tried.
	maxAddresses = 6
	// patience is how long an address is tried while there are others.
	patience = 3 * time.Second
)

// privateError says that a host has no address that may be called.
type privateError struct{ host string }

func (e *privateError) Error() string {
	what := "has only private addresses"
	if _, err := netip.ParseAddr(e.host); err == nil {
		what = "is a private address"
	}
	return fmt.Sprintf("%s %s; the operator can allow it with HEADSTART_PRIVATE_URLS", redact.Line(redact.Redact(e.host), 100), what)
}

// routerAddr is where a router is called that listens at an address.
func routerAddr(listens string) (netip.AddrPort, error) {
	at, err := netip.ParseAddrPort(listens)
	if err != nil {
		return at, err
	}
	if at.Addr().IsUnspecified() {
		// As the embedded platform calls itself, whose router listens on both.
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	return at, nil
}

// routed is the app that an address names at the router; empty: it is not one.
func (p *Prober) routed(host, port string) string {
	if !p.router.IsValid() || port != strconv.Itoa(int(p.router.Port())) {
		return ""
	}
	app, ok := strings.CutSuffix(strings.TrimSuffix(strings.ToLower(host), "."), ".localhost")
	if !ok || strings.Contains(app, ".") {
		return ""
	}
	return app
}

// mayAsk refuses apps of the router that the repository may not use. Redirects
// need no such look, because they stay on the host.
func (p *Prober) mayAsk(repo bot.Repo, u *url.URL) error {
	if app := p.routed(u.Hostname(), portOf(u)); app != "" {
		return p.apps(repo, app)
	}
	return nil
}

// dial connects to an address, HOST:PORT, that a request is about.
func (a *attempt) dial(ctx context.Context, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	addrs := []netip.Addr{a.router.Addr()}
	if a.routed(host, portText) == "" {
		if addrs, err = a.lookUp(ctx, host); err != nil {
			return nil, err
		}
		if addrs = slices.DeleteFunc(addrs, func(addr netip.Addr) bool { return !a.private && !isPublic(addr) }); len(addrs) == 0 {
			return nil, &privateError{host: host}
		}
	}
	conn, err := a.firstOf(ctx, addrs[:min(len(addrs), maxAddresses)], uint16(port))
	if err == nil {
		a.connected.Store(true)
	}
	return conn, err
}

// lookUp finds the addresses of a host, at least one.
func (p *Prober) lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	if name := strings.TrimSuffix(strings.ToLower(host), "."); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	found, err := p.resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(found) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	// What it returned is the resolver's.
	return slices.Clone(found), err
}

// firstOf connects to the first of the addresses that answers.
func (p *Prober) firstOf(ctx context.Context, addrs []netip.Addr, port uint16) (conn net.Conn, err error) {
	for i, addr := range addrs {
		share, cancel := ctx, context.CancelFunc(func() {})
		if left := len(addrs) - i; left > 1 {
			within := patience
			if end, ok := ctx.Deadline(); ok {
				within = min(within, time.Until(end)/time.Duration(left))
			}
			share, cancel = context.WithTimeout(ctx, within)
		}
		conn, err = p.connect(share, netip.AddrPortFrom(addr.Unmap(), port))
		cancel()
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return conn, err
}

// dialPermitted connects to an address. The socket that is about to connect is
// asked once more where it leads.
func (p *Prober) dialPermitted(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	dialer := &net.Dialer{KeepAlive: -1, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		dialled, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if p.private || dialled == p.router || isPublic(dialled.Addr()) {
			return nil
		}
		return &privateError{host: dialled.Addr().String()}
	}}
	return dialer.DialContext(ctx, "tcp", to.String())
}
