package oauth

import "testing"

func TestParseError(t *testing.T) {
	for _, tt := range []struct {
		name            string
		status          int
		body, code, say string
	}{
		{"OAuth", 400, `{"error":"invalid_grant","error_description":"Token revoked"}`, "invalid_grant", "Token revoked"},
		{"GitHub", 200, `{"error":"bad_refresh_token","error_description":"incorrect or expired.","error_uri":"https://x"}`, "bad_refresh_token", "incorrect or expired."},
		{"problem", 403, `{"type":"https://example.com/probs/token-revoked","title":"Token revoked","detail":"Log in again","status":403}`, "token-revoked", "Log in again"},
		{"blank problem", 403, `{"type":"about:blank","title":"Forbidden","status":403}`, "", ""},
		{"problem URN", 401, `{"type":"urn:problem:expired","title":"Too old"}`, "expired", "Too old"},
		{"SimpleJWT", 401, `{"detail":"Token is invalid or expired","code":"token_not_valid"}`, "token_not_valid", "Token is invalid or expired"},
		{"Django field", 400, `{"username":["This field is required."]}`, "", "username: This field is required."},
		{"Laravel", 422, `{"message":"These do not match.","errors":{"email":["These do not match."]}}`, "", "These do not match."},
		{"Laravel errors alone", 422, `{"errors":{"email":["Not a known address."]}}`, "", "email: Not a known address."},
		{"Spring", 401, `{"timestamp":"2026-01-01","status":401,"error":"Unauthorized","message":"Refresh token was expired","path":"/x"}`, "", "Refresh token was expired"},
		{"NestJS", 401, `{"statusCode":401,"message":["a","b"],"error":"Unauthorized"}`, "", "a"},
		{"Firebase", 400, `{"error":{"code":400,"message":"TOKEN_EXPIRED","status":"INVALID_ARGUMENT"}}`, "TOKEN_EXPIRED", ""},
		{"Firebase with a sentence", 400, `{"error":{"code":400,"message":"TOO_MANY_ATTEMPTS_TRY_LATER : Access is disabled"}}`, "TOO_MANY_ATTEMPTS_TRY_LATER", "TOO_MANY_ATTEMPTS_TRY_LATER : Access is disabled"},
		{"nested", 401, `{"error":{"code":"token_expired","message":"Expired."}}`, "token_expired", "Expired."},
		{"Supabase", 400, `{"code":400,"error_code":"refresh_token_not_found","msg":"Invalid Refresh Token"}`, "refresh_token_not_found", "Invalid Refresh Token"},
		{"Directus", 401, `{"errors":[{"message":"Invalid user credentials.","extensions":{"code":"INVALID_CREDENTIALS"}}]}`, "INVALID_CREDENTIALS", "Invalid user credentials."},
		{"FastAPI", 422, `{"detail":[{"loc":["body","x"],"msg":"Field required","type":"missing"}]}`, "", "Field required"},
		{"sentence as error", 403, `{"error":"Invalid  refresh\ntoken"}`, "", "Invalid refresh token"},
		{"JSON string", 403, `"Not you"`, "", "Not you"},
		{"JSON array", 400, `[{"message":"No"}]`, "", "No"},
		{"text", 403, "Refresh token\r\nis unknown\n", "", "Refresh token is unknown"},
		{"text that repeats the status", 403, "Forbidden", "", ""},
		{"page", 403, "<html>x", "", ""},
		{"cut JSON", 403, `{"error":"x`, "", ""},
		{"binary", 403, "\x00\xff", "", ""},
		{"empty", 401, "", "", ""},
		{"nothing in it", 401, `{"ok":false,"n":null,"error":null}`, "", ""},
		{"object without a sentence", 401, `{"error":{"code":"no","trace":"1"},"at":1}`, "no", ""},
		{"numbers", 401, `{"error":401,"code":"401"}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := ParseError(tt.status, []byte(tt.body))
			if e.Code != tt.code || e.Description != tt.say {
				t.Errorf("got %q, %q; want %q, %q", e.Code, e.Description, tt.code, tt.say)
			}
		})
	}
}
