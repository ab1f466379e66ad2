package loopback_test

import (
	"net/netip"
	"testing"

	"jwt/internal/loopback"
)

func TestHost(t *testing.T) {
	for _, tt := range []struct {
		host             string
		loopback, isName bool
	}{
		{"localhost", true, true},
		{"LOCALHOST", true, true},
		{"localhost.", true, true},
		{"foo.localhost", true, true},
		{"a.b.LocalHost.", true, true},
		{"127.0.0.1", true, false},
		{"127.0.0.2", true, false},
		{"127.255.255.254", true, false},
		{"::1", true, false},
		{"0:0:0:0:0:0:0:1", true, false},
		{"::ffff:127.0.0.1", true, false},

		{"", false, false},
		{".", false, false},
		{".localhost", false, false},
		{"a..localhost", false, false},
		{"localhost..", false, false},
		{"xlocalhost", false, false},
		{"localhost.example", false, false},
		{"localhost.localdomain", false, false},
		{"127.0.0.1.example", false, false},
		{"127.0.0.1.", false, false},
		{"127.1", false, false},
		{"2130706433", false, false},
		{"0x7f000001", false, false},
		{"0.0.0.0", false, false},
		{"::", false, false},
		{"::1%lo", false, false},
		{"[::1]", false, false},
		{"127.0.0.1:80", false, false},
		{"128.0.0.1", false, false},
		{"10.0.0.1", false, false},
		{"ｌocalhost", false, false},
	} {
		if got := loopback.Host(tt.host); got != tt.loopback {
			t.Errorf("Host(%q) is %v, want %v", tt.host, got, tt.loopback)
		}
		if got := loopback.Name(tt.host); got != tt.isName {
			t.Errorf("Name(%q) is %v, want %v", tt.host, got, tt.isName)
		}
	}
}

func TestAddressesAreLoopback(t *testing.T) {
	for _, text := range loopback.Addresses {
		if addr, err := netip.ParseAddr(text); err != nil || !addr.IsLoopback() || !loopback.Host(text) {
			t.Errorf("%s: is not a loopback address (%v)", text, err)
		}
	}
}
