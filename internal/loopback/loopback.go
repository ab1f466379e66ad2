// Package loopback decides which hosts are this machine itself, where plain HTTP
// crosses no network (RFC 6761 §6.3, RFC 8252 §7.3).
package loopback

import (
	"net/netip"
	"strings"
)

// Addresses lists the addresses of every loopback name, in the order to try them.
var Addresses = []string{"127.0.0.1", "::1"}

// Host reports whether a URL's or an address's host is loopback: an address in
// 127.0.0.0/8, ::1, or a loopback name. Other spellings of an address, like 127.1,
// are refused, because readers differ in what they mean.
func Host(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return Name(host)
	}
	return addr.IsLoopback() && addr.Zone() == ""
}

// Name reports whether the host is localhost or a name below it, in any case and
// with or without the final dot. A resolver may answer otherwise, so a loopback name
// is never resolved: it is dialled, and listened on, at Addresses.
func Name(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	labels, below := strings.CutSuffix(host, ".localhost")
	return host == "localhost" || below && !strings.Contains("."+labels+".", "..")
}
