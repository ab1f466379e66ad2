package redact

import "testing"

func TestHeader(t *testing.T) {
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.dGhlLXNpZ25hdHVyZQ"
	const shown = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.sha256:e8a919d308bf"
	tests := []struct{ name, value, want string }{
		{"Location", "https://app.example/cb#access_token=LEAK&x=1", "https://app.example/cb#…"},
		{"Location", "https://u:PW@app.example/cb?code=LEAK c", "https://app.example/cb?…"},
		{"Location", "//u@app.example", "//app.example"},
		{"Location", "/next?", "/next?"},
		{"Content-Location", "/a?token=LEAK,b", "/a?…"},
		{"Refresh", "0; url=https://u:PW@x/?token=LEAK", "0; url=https://x/?…"},
		{"Link", `<https://u:PW@x/?token=LEAK>; rel="next", </y?token=LEAK;z>; rel=prev`, `<https://x/?…>; rel="next", </y?…>; rel=prev`},
		{"Www-Authenticate", `Bearer error="invalid_token", resource_metadata="https://x/m?k=LEAK"`, `Bearer error="invalid_token", resource_metadata="https://x/m?…"`},
		{"X-Debug", "got " + token + ".", "got " + shown + "."},
		{"X-Debug", "got " + token + " and (" + token + ")", "got " + shown + " and (" + shown + ")"},
		{"X-Debug", "eyJ is not a token, nor is eyJa.b", "eyJ is not a token, nor is eyJa.b"},
		{"Content-Type", "application/json", "application/json"},
	}
	for _, tt := range tests {
		if got := Header(tt.name, tt.value); got != tt.want {
			t.Errorf("%s: %s is shown as %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
}
