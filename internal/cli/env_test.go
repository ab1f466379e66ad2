package cli

import (
	"path/filepath"
	"testing"
)

// TestUserDir checks where jwt's directories are.
func TestUserDir(t *testing.T) {
	abs, err := filepath.Abs("xdg")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"linux", map[string]string{"XDG_STATE_HOME": abs, "HOME": "/home/a"}, filepath.Join(abs, "jwt")},
		{"linux", map[string]string{"XDG_STATE_HOME": "relative", "HOME": "/home/a"}, filepath.Join("/home/a", ".local", "state", "jwt")},
		{"linux", map[string]string{"HOME": "/home/a", "LocalAppData": "/wrong"}, filepath.Join("/home/a", ".local", "state", "jwt")},
		{"linux", map[string]string{"LocalAppData": "/wrong"}, ""},
		{"linux", nil, ""},
		{"windows", map[string]string{"XDG_STATE_HOME": abs, "LocalAppData": "/profile"}, filepath.Join(abs, "jwt")},
		{"windows", map[string]string{"HOME": "/c/Users/a", "LocalAppData": "/profile"}, filepath.Join("/profile", "jwt", "state")},
		{"windows", map[string]string{"HOME": "/c/Users/a"}, ""},
	} {
		e := Env{LookupEnv: func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }}
		if got := e.userDir(tt.system, "XDG_STATE_HOME", ".local/state", "LocalAppData", "state"); got != tt.want {
			t.Errorf("%s, %v: %q, want %q", tt.system, tt.env, got, tt.want)
		}
	}
}
