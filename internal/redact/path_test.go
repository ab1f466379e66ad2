package redact

import (
	"strings"
	"testing"
)

func TestPath(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"", ""},
		{"/", "/"},
		{"/users/alice/keys", "/users/alice/keys"},
		{"/reset/0123456789abcdef", "/reset/0123456789abcdef"},
		{"/reset/0123456789abcdefg", "/reset/***"},
		{"/a b/\x1b[31m/é", "/***/***/***"},
		{strings.Repeat("/1234567", 8), strings.Repeat("/1234567", 8)},
		{strings.Repeat("/1234567", 8) + "8", strings.Repeat("/1234567", 7) + "/***"},
		{strings.Repeat("/1234567", 8) + "/x", strings.Repeat("/1234567", 7) + "/***"},
	} {
		if got := Path(test.path); got != test.want {
			t.Errorf("Path(%q) = %q, want %q", test.path, got, test.want)
		}
	}
}
