package webhooks

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the addresses whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks (10.0.0.0/8), separated by spaces or
// commas.
func ParseProxies(setting string) (Proxies, error) {
	var p Proxies
	for _, word := range strings.FieldsFunc(setting, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\n' }) {
		prefix, err := netip.ParsePrefix(word)
		if err != nil {
			addr, err := netip.ParseAddr(word)
			if err != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("%.60q is no address and no network: expected 10.1.2.3 or 10.0.0.0/8", word)
			}
			prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		if masked := prefix.Masked(); masked != prefix {
			return nil, fmt.Errorf("%s is an address within a network: write %s for the whole network", prefix, masked)
		}
		if prefix.Bits() == 0 {
			return nil, fmt.Errorf("%s is every address: anybody could then claim to be anybody", prefix)
		}
		p = append(p, prefix)
	}
	return p, nil
}

func (p Proxies) trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// client returns the address that a request is counted under: an IPv4 address, or one subscriber's IPv6 network of 64
// bits. It is zero if clients cannot be distinguished. Then a trusted proxy does not name its client. Or no proxy is
// trusted and the peer is on this machine or network, nearly always a proxy. odd reports this last case with a header
// that only proxies write.
func (p Proxies) client(r *http.Request) (_ netip.Addr, odd bool) {
	peer, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return netip.Addr{}, false
	}
	if !p.trust(peer) {
		if len(p) == 0 && isNear(peer) {
			return netip.Addr{}, r.Header.Get("X-Forwarded-For") != ""
		}
		return bucket(peer), false
	}
	// Each proxy appends its client, so the truth is at the end, as far as the proxies are trusted.
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, entry := range slices.Backward(list) {
		addr, ok := parseAddr(strings.TrimSpace(entry))
		if !ok {
			break
		}
		if !p.trust(addr) {
			return bucket(addr), false
		}
	}
	return netip.Addr{}, false
}

// Visitor returns the address that a visitor of the pages is counted under; empty: visitors cannot be distinguished.
func (p Proxies) Visitor(r *http.Request) string {
	addr, _ := p.client(r)
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// parseAddr reads an address, with or without a port.
func parseAddr(s string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}

func bucket(addr netip.Addr) netip.Addr {
	if addr.Is4() {
		return addr
	}
	network, _ := addr.Prefix(64) // it has that many bits
	return network.Addr()
}

var carrierGrade = netip.MustParsePrefix("100.64.0.0/10") // private networks of some hosts, too

// isNear reports whether an address is on this machine or a private network.
func isNear(addr netip.Addr) bool {
	return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || carrierGrade.Contains(addr)
}
