package session

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestStaleAt(t *testing.T) {
	tests := []struct {
		lifetime, margin time.Duration
	}{
		{-time.Minute, -time.Minute - time.Second}, // expired on arrival: fresh for a second
		{time.Second, 0},
		{5 * time.Second, 500 * time.Millisecond},
		{time.Minute, 6 * time.Second},
		{5 * time.Minute, 30 * time.Second},
		{time.Hour, 30 * time.Second},
		{24 * time.Hour, 30 * time.Second},
	}
	for _, tt := range tests {
		s := &Session{Obtained: noon, AccessExpires: noon.Add(tt.lifetime)}
		if got, want := s.StaleAt(), noon.Add(tt.lifetime-tt.margin); !got.Equal(want) {
			t.Errorf("of %s: %s, want %s", tt.lifetime, got, want)
		}
		if s.stale(s.StaleAt().Add(-time.Nanosecond)) || !s.stale(s.StaleAt()) {
			t.Errorf("of %s: stale does not begin at StaleAt", tt.lifetime)
		}
	}
	if s := (&Session{Obtained: noon}); s.stale(noon.Add(time.Hour)) || !s.Alive(noon.Add(time.Hour)) {
		t.Error("a token that does not say when it ends is stale")
	}
	if s := (&Session{Obtained: noon, AccessExpires: noon.Add(time.Hour)}); !s.stale(noon.Add(-time.Minute)) {
		t.Error("a token from the future is not stale, though the clock was set back")
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"default", "work", "a", "A-b_c.9", "x.lock"} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	long := make([]byte, 65)
	for i := range long {
		long[i] = 'a'
	}
	for _, name := range []string{"", ".", "..", ".hidden", "-x", "a/b", `a\b`, "../x", "a b", "ä", "a\x00", "a\n", string(long)} {
		if CheckName(name) == nil {
			t.Errorf("%q is accepted as a name", name)
		}
	}
}

func TestLoginCommand(t *testing.T) {
	tests := []struct {
		s    Session
		want string
	}{
		{Session{Name: "default", Server: "https://a.example", User: "demo", Preset: "cookie"}, "jwt session login https://a.example --user demo"},
		{Session{Name: "work", Server: "https://a.example", User: "o'neil; rm", Preset: "token"}, `jwt session login https://a.example --user 'o'\''neil; rm' --preset token --session work`},
	}
	for _, tt := range tests {
		if got := tt.s.loginCommand(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
