package probe

import "net/netip"

// The addresses that are not public. For IPv4 these are the blocks of IANA's
// special-purpose registry that are not globally reachable
// (https://www.iana.org/assignments/iana-ipv4-special-registry), and multicast.
var special4 = prefixes(
	"0.0.0.0/8",       // this network; 0.0.0.0 is the machine itself
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carriers' NAT, and some clouds' metadata
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local; 169.254.169.254 is most clouds' metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays, given up
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast
	// Not in the registry: Azure answers its machines' agents here
	// (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
	"168.63.129.16/32",
)

// For IPv6 everything outside the block that addresses are given out from
// (https://www.iana.org/assignments/ipv6-address-space) is special: loopback,
// unspecified, unique local, link-local, multicast, IPv4-compatible and whatever
// will come. Of what is inside:
var (
	global6  = netip.MustParsePrefix("2000::/3")
	special6 = prefixes(
		"2001::/23",     // protocol assignments: Teredo, benchmarks, ORCHID
		"2001:db8::/32", // documentation
		"3fff::/20",     // documentation
	)
)

// The blocks whose addresses stand for one of IPv4, which is asked instead.
var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: in the last four bytes
	sixTo4 = netip.MustParsePrefix("2002::/16")    // RFC 3056: in the four bytes after the prefix
)

// isPublic reports whether an address is one of the internet's, so that asking it
// tells nothing that others could not find out themselves.
func isPublic(addr netip.Addr) bool {
	if !addr.IsValid() {
		return false
	}
	addr = addr.Unmap().WithZone("") // no prefix contains an address with a zone
	b := addr.As16()
	switch {
	case addr.Is4():
		return !within(addr, special4)
	case nat64.Contains(addr):
		return isPublic(netip.AddrFrom4([4]byte(b[12:16])))
	case sixTo4.Contains(addr):
		return isPublic(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return global6.Contains(addr) && !within(addr, special6)
}

func within(addr netip.Addr, list []netip.Prefix) bool {
	for _, prefix := range list {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

func prefixes(list ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(list))
	for i, text := range list {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}
