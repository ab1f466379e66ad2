package authclient

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// saysDead reports whether the answer to a refresh means that the session has ended. In
// this order decide: an answer that the preset describes by its text, the error code in
// the body, and the status. Neither a refused client, a limit of requests nor a page that
// a proxy may have sent ends a session.
func (s *Client) saysDead(r *reply) bool {
	said := r.said()
	words := wordsOf(said.Code)
	switch {
	case s.Preset.DescribesDead(r.status, r.body):
		return true
	case s.Preset.SaysTemporary(r.status, r.body), s.granted(r) || r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout:
		return false
	case unrelated(words):
		return false
	case r.status >= http.StatusInternalServerError:
		return s.Preset.SaysDead(r.status, r.body) && !r.isPage()
	case refusesToken(words):
		return true
	case r.isPage() || said.RetryAfter > 0 || r.status == http.StatusForbidden && unrelated(wordsOf(said.Description)):
		return false
	case s.Preset.SaysDead(r.status, r.body):
		return true
	}
	return (r.ok() && r.isObject() || r.status == http.StatusBadRequest) && describesRefusal(wordsOf(said.Description))
}

// refuses reports whether the answer refuses the request. Some servers send an error with
// status 200.
func (s *Client) refuses(r *reply) bool {
	return !r.ok() || r.isObject() && r.said().Code != "" && !s.granted(r)
}

// granted reports whether the answer is successful and has an access token.
func (s *Client) granted(r *reply) bool {
	body, _ := jsonobject.ParseValue(r.body)
	token, _ := r.first(body, s.Preset.Tokens.Access)
	return r.ok() && token != ""
}

func (r *reply) ok() bool { return r.status >= 200 && r.status < 300 }

// said returns the error in the answer, with the secrets of the request in it.
func (r *reply) said() *oauth.Error {
	e := oauth.ParseError(r.status, r.body)
	e.RetryAfter = retryAfter(r.header.Get("Retry-After"), r.asked)
	return e
}

// isPage reports whether the answer is HTML: it looks like it, or is called so and is not
// JSON.
func (r *reply) isPage() bool {
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	labelled := kind == "text/html" || kind == "application/xhtml+xml"
	return bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<")) || labelled && !r.isObject()
}

func (r *reply) isObject() bool {
	_, err := jsonobject.Parse(r.body)
	return err == nil
}

// aboutClient reports whether a code is about the client and not about the session.
func aboutClient(code string) bool { return slices.Contains(wordsOf(code), "client") }

// unrelated reports whether an error is about something other than the session.
func unrelated(words []string) bool {
	return hasAny(words, "client", "csrf", "xsrf", "antiforgery", "authenticity", "captcha", "recaptcha", "hcaptcha", "turnstile", "otp", "mfa", "throttled", "throttle") ||
		has(words, "rate") && hasAny(words, "limit", "limited", "exceeded") || has(words, "too") && has(words, "many") ||
		has(words, "temporarily") || has(words, "slow") && has(words, "down")
}

// refusesToken reports whether a code means that the refresh token is not valid:
// invalid_grant, bad_refresh_token, token_not_valid, TOKEN_EXPIRED, RefreshTokenReused.
func refusesToken(words []string) bool {
	if hasAny(words, "access", "type", "key", "missing", "required", "yet") {
		return false
	}
	return hasAny(words, "grant", "token", "refresh", "session", "jwt") && isBad(words) ||
		hasAny(words, "user", "account") && hasAny(words, "disabled", "deleted", "banned", "found") && (!has(words, "found") || has(words, "not"))
}

// describesRefusal is refusesToken for a sentence, which must name the refresh token or the
// session.
func describesRefusal(words []string) bool {
	if hasAny(words, "access", "missing", "required", "must", "blank", "empty", "field", "json", "type", "cookie", "store", "provided", "body", "header") {
		return false
	}
	if has(words, "no") && !has(words, "longer") { // no refresh token was sent
		return false
	}
	return (has(words, "refresh") && has(words, "token") || has(words, "session")) && isBad(words)
}

func isBad(words []string) bool {
	return hasAny(words, "invalid", "bad", "expired", "revoked", "unknown", "incorrect", "inactive", "blacklisted", "used", "reused", "reuse", "consumed", "ended", "terminated") ||
		has(words, "longer") && hasAny(words, "valid", "active") || // no longer valid
		has(words, "not") && hasAny(words, "valid", "found", "active", "recognized", "recognised", "exist")
}

func has(words []string, word string) bool { return slices.Contains(words, word) }

func hasAny(words []string, any ...string) bool {
	return slices.ContainsFunc(any, func(word string) bool { return has(words, word) })
}

// wordsOf returns the words of a code or sentence in lower case: of invalid_grant,
// token-expired, TOKEN_EXPIRED and TokenExpired.
func wordsOf(text string) []string {
	const most = 400
	text = text[:min(len(text), most)]
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	lower := false // the letter before was a small one
	for _, r := range text {
		if !unicode.IsLetter(r) || lower && unicode.IsUpper(r) {
			end()
		}
		if unicode.IsLetter(r) {
			word.WriteRune(r)
		}
		lower = unicode.IsLower(r)
	}
	end()
	return words
}
