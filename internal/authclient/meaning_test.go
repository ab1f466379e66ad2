package authclient

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"jwt/internal/config"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// TestMeaningOfRefusals checks which answers to a refresh end the session.
func TestMeaningOfRefusals(t *testing.T) {
	p, err := presets.Find("token", config.File{})
	if err != nil {
		t.Fatal(err)
	}
	const ends, keeps = verdict.SessionRevoked, verdict.FetchFailed
	for _, tt := range []struct {
		status     int
		kind, body string
		class      verdict.Class
		says       string
	}{
		{400, "", `{"error":"invalid_grant"}`, ends, "invalid_grant"},
		{403, "", `{"error":"invalid_grant"}`, ends, "invalid_grant"},
		{200, "", `{"error":"bad_refresh_token","error_description":"Is expired."}`, ends, "bad_refresh_token: Is expired."},
		{200, "", `{"success":false,"message":"Refresh token is not valid"}`, ends, "Refresh token is not valid"},
		{401, "text/html", `{"error":"invalid_grant","message":"Revoked"}`, ends, "Revoked"},
		{401, "text/plain", `{"detail":"Token is invalid or expired","code":"token_not_valid"}`, ends, "token_not_valid"},
		{400, "", `{"error":{"code":400,"message":"TOKEN_EXPIRED"}}`, ends, "TOKEN_EXPIRED"},
		{400, "", `{"error":{"code":400,"message":"USER_NOT_FOUND"}}`, ends, "USER_NOT_FOUND"},
		{400, "", `{"code":400,"error_code":"refresh_token_already_used","msg":"Invalid Refresh Token: Already Used"}`, ends, "Already Used"},
		{403, "application/problem+json", `{"type":"https://x.example/probs/session-expired","title":"Over"}`, ends, "session-expired: Over"},
		{403, "text/plain", "Forbidden", ends, "403 Forbidden"},
		{403, "", "", ends, "403 Forbidden"},
		{401, "", `{"message":"Unauthenticated."}`, ends, "Unauthenticated."},
		{401, "", `{"status":401,"error":"Unauthorized","message":"Refresh token was expired. Please log in"}`, ends, "expired"},
		{400, "", `{"status":400,"error":"Bad Request","message":"Refresh token is not in database or unknown"}`, ends, "unknown"},
		{400, "", `{"error":"RefreshTokenReused"}`, ends, "RefreshTokenReused"},
		{401, "", `{"error":"invalid_client","error_description":"Invalid authentication for this refresh token."}`, keeps, "invalid_client"},
		{400, "", `{"error":"unauthorized_client"}`, keeps, "unauthorized_client"},
		{200, "", `{"error":"incorrect_client_credentials"}`, keeps, "incorrect_client_credentials"},
		{400, "", `{"error":"unsupported_grant_type"}`, keeps, "unsupported_grant_type"},
		{400, "", `{"error":"invalid_request","error_description":"Invalid request: refresh token is required"}`, keeps, "is required"},
		{400, "", `{"refreshToken":["This field is required."]}`, keeps, "is required"},
		{400, "", `{"message":"Invalid request: no refresh token"}`, keeps, "no refresh token"},
		{400, "", `{"message":"Refresh token not found in cookie"}`, keeps, "not found in cookie"},
		{400, "", `{"message":"Session store not found"}`, keeps, "store"},
		{400, "", `{"message":"The refresh token is no longer valid"}`, ends, "no longer valid"},
		{429, "", `{"error":"invalid_grant"}`, keeps, "429"},
		{429, "", `{"message":"Refresh token is invalid"}`, keeps, "429"},
		{403, "", `{"detail":"CSRF Failed: CSRF token missing or incorrect."}`, keeps, "CSRF"},
		{422, "", `{"error":"InvalidAuthenticityToken"}`, keeps, "InvalidAuthenticityToken"},
		{400, "", `{"error":"antiforgery_token_invalid"}`, keeps, "antiforgery_token_invalid"},
		{400, "", `{"error":"invalid_recaptcha_token"}`, keeps, "invalid_recaptcha_token"},
		{400, "", `{"error":"mfa_token_invalid"}`, keeps, "mfa_token_invalid"},
		{400, "", `{"error":"token_not_yet_valid"}`, keeps, "token_not_yet_valid"},
		{403, "", `{"message":"API rate limit exceeded"}`, keeps, "rate limit"},
		{403, "text/html", "<html>Access denied</html>", keeps, "403"},
		{403, "", "\n<!doctype html><p>invalid session", keeps, "403"},
		{404, "", `{"message":"Not Found"}`, keeps, "404"},
		{200, "text/html", "<p>session expired", keeps, "no access token"},
		{200, "", `{"accessToken":"a2","message":"session ended, refresh token invalid"}`, "", ""},
		{200, "", `{"accessToken":"a2","error":"","code":"ok"}`, "", ""},
		{503, "", `{"error":"invalid_grant"}`, verdict.ServerError, "503"},
	} {
		t.Run(tt.kind+" "+tt.body, func(t *testing.T) {
			s := exchange(t, p, func(w http.ResponseWriter, _ *http.Request) {
				if tt.kind != "" {
					w.Header().Set("Content-Type", tt.kind)
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			_, err := s.Refresh(t.Context(), Tokens{AccessToken: "a1", RefreshToken: "r1"})
			if verdict.ClassOf(err) != tt.class || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d: got %v (%s), want %s … %s", tt.status, err, verdict.ClassOf(err), tt.class, tt.says)
			}
		})
	}
}

// TestAnswersInPresets checks that entries that match every success are refused.
func TestAnswersInPresets(t *testing.T) {
	for text, says := range map[string]string{
		`expired = [{ status = 200 }]`:                    "needs a status of 300 or more, a code, or a part of the body",
		`expired = [{ path = "/me" }]`:                    "needs a status",
		`dead = [{ status = 4003 }]`:                      "the status 4003 is not 200 to 599",
		`expired = [{ status = 200, body = "expired" }]`:  "",
		`expired = [{ status = 403, body = "TokenErr" }]`: "",
	} {
		_, err := presets.Find("x", config.File{Name: "config.toml", Text: []byte("[presets.x]\nbased_on = \"token\"\n" + text)})
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says) || verdict.ClassOf(err) != verdict.Usage) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestTimesInAnswers checks expires_at in its forms.
func TestTimesInAnswers(t *testing.T) {
	p, err := presets.Find("token", config.File{})
	if err != nil {
		t.Fatal(err)
	}
	for member, known := range map[string]bool{
		`"expiresAt":4102444800`: true, `"expiresAt":4102444800000`: true, `"expiresAt":"2100-01-01T00:00:00Z"`: true,
		`"expiresAt":"4102444800"`: true, `"expiresAt":"soon"`: false, `"expiresAt":-5`: false, `"x":1`: false,
	} {
		s := exchange(t, p, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"accessToken":"a",`+member+`}`) })
		g, err := s.Refresh(t.Context(), Tokens{RefreshToken: "r1"})
		if err != nil || g.AccessExpires.IsZero() == known || known && g.AccessExpires.Year() < 2099 {
			t.Errorf("%s: %v %v", member, g.AccessExpires, err)
		}
	}
	s := exchange(t, p, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"accessToken":"a","refreshExpiresIn":4}`)
	})
	g, err := s.Refresh(t.Context(), Tokens{RefreshToken: "r1"})
	if err != nil || g.RefreshToken != "" || g.RefreshExpires.Sub(g.Obtained).Seconds() != 4 {
		t.Errorf("a renewed lifetime: %+v %v", g, err)
	}
}

// TestStepUp checks the challenges that a refresh does not answer.
func TestStepUp(t *testing.T) {
	for challenge, want := range map[string]bool{
		`Bearer error="insufficient_user_authentication", error_description="a \"new\" login, error=x", acr_values="mfa"`: true,
		`Basic realm="a", Bearer realm="b", error=insufficient_scope`:                                                     true,
		`Bearer error="invalid_token"`:                    false,
		`Bearer realm="insufficient_user_authentication"`: false,
		`Bearer`: false, ``: false, `Bearer error="`: false, `=,=,"`: false,
	} {
		if got := NeedsOtherToken(http.Header{"Www-Authenticate": {challenge}}); got != want {
			t.Errorf("%s: %v", challenge, got)
		}
	}
}
