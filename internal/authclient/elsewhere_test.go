package authclient

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// TestTokenElsewhere: the hint of a login whose token is not where the preset looks names the place,
// and a preset that looks there finds it.
func TestTokenElsewhere(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.AAAA"
	for _, tt := range []struct {
		name, body, place string
		headers           []string
	}{
		{"token", `{"token":"` + token + `"}`, "json:/token", nil},
		{"OAuth's name", `{"refresh_token":"r","token":"csrf","access_token":"opaque"}`, "json:/access_token", nil},
		{"inside", `{"ok":true,"data":{"refreshToken":"` + token + `","accessToken":"` + token + `"}}`, "json:/data/accessToken", nil},
		{"a name with a slash", `{"a/b":{"jwt":"` + token + `"}}`, "json:/a~1b/jwt", nil},
		{"a JWT of any name", `{"session":"` + token + `"}`, "json:/session", nil},
		{"a header", `{"user":"a"}`, "header:Authorization", []string{"Authorization", "Bearer " + token}},
		{"a cookie", `{"user":"a"}`, "cookie:auth", []string{"Set-Cookie", "auth=" + token}},
		{"a second factor", `{"mfa_required":true,"ticket":"abc"}`, "", nil},
		{"a refresh token alone", `{"refreshToken":"` + token + `"}`, "", nil},
		{"an ID token alone", `{"id_token":"` + token + `"}`, "", nil},
		{"a secret as a name", `{"hunter22":"` + token + `"}`, "json:/***", nil},
		{"a name that fills the terminal", `{"` + strings.Repeat("x", 200) + `":"` + token + `"}`, "", nil},
		{"too deep", `{"a":{"b":{"c":{"d":{"e":{"token":"` + token + `"}}}}}}`, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			login := func(access string) (Grant, error) {
				p := presets.Preset{
					Name: "mine", Login: presets.Step{Method: "POST", Path: "/login", Body: "json", Fields: []string{"password=$password"}},
					Tokens: presets.Places{Access: []string{access}},
				}
				s := exchange(t, p, func(w http.ResponseWriter, _ *http.Request) {
					for i := 0; i < len(tt.headers); i += 2 {
						w.Header().Add(tt.headers[i], tt.headers[i+1])
					}
					io.WriteString(w, tt.body)
				})
				return s.Login(t.Context(), "a", []byte("hunter22"))
			}
			_, err := login("json:/nowhere")
			var e *verdict.Error
			if !errors.As(err, &e) || strings.Contains(e.Message+e.Hint, "hunter22") || strings.Contains(e.Message+e.Hint, token) {
				t.Fatalf("%v", err)
			}
			if tt.place == "" {
				if strings.Contains(e.Hint, "write access") {
					t.Errorf("hint %q", e.Hint)
				}
				return
			}
			if want := `write access = ["` + tt.place + `"] under [presets.mine.tokens] in config.toml`; !strings.HasSuffix(e.Hint, want) {
				t.Errorf("hint %q, want %q", e.Hint, want)
			}
			if g, err := login(tt.place); !strings.Contains(tt.place, "***") && (err != nil || g.AccessToken == "") {
				t.Errorf("at that place: %+v, %v", g, err)
			}
		})
	}
}
