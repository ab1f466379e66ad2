package faulty

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/authserver"
)

// rotateKey is the name of the fault that replaces no rule.
const rotateKey = "rotate-key"

// A Kind is a row of the table of faults.
type Kind struct {
	Name   string
	Value  string // syntax of its value: "", "DURATION" or "STATUS"
	Help   string // what the server does wrong
	Breaks string // rule of session flow that detects it; empty: none

	parse func(f *Fault, value string) bool // for a fault with a value
	whole bool                              // affects the whole server: no times, no path
	times int                               // default of times; 0: always

	// apply replaces rules of the server. It is nil for rotateKey, which takes effect at
	// once.
	apply func(toggle, *authserver.Rules)
}

// table lists the faults. Rules are replaced in this order, so of two faults of one rule
// the later one decides first. It is a function, so that it costs other commands nothing
// at the start.
func table() []Kind {
	return []Kind{
		// The server itself.
		{Name: "clock-offset", Value: "DURATION", Help: "its clock differs by this much", parse: durationOf(-maxOffset, maxOffset), whole: true, apply: offsetClock},
		{Name: rotateKey, Help: "sign with a new key at once", whole: true},

		// Logging in.
		{Name: "uniform-errors-off", Help: "unknown users get another error than wrong passwords", Breaks: "uniform-login-errors", apply: onPassword(tellUnknownUsers)},
		{Name: "any-password", Help: "any password of a known user is accepted", Breaks: "wrong-password-refused", apply: onPassword(acceptAnyPassword)},
		{Name: "login-broken", Help: "every login is refused", Breaks: "login-works", apply: onPassword(refuseLogins)},

		// Refresh tokens. access-as-refresh verifies access tokens by the standard rule.
		{Name: "access-as-refresh", Help: "an access token is accepted as a refresh token", Breaks: "access-token-not-refresh", apply: acceptAccessToken},
		{Name: "grace", Value: "DURATION", Help: "a spent refresh token gives its successor this long", Breaks: "grace", parse: durationOf(0, maxOffset), apply: onRotate(changeGrace)},
		{Name: "family-survives", Help: "a reused refresh token is refused, nothing revoked", Breaks: "family-revoked", apply: onRotate(keepFamily)},
		{Name: "reuse-undetected", Help: "a spent refresh token gives another successor", Breaks: "reuse-detected", apply: onRotate(acceptReuse)},
		{Name: "rotation-races", Help: "concurrent refreshes all succeed", Breaks: "concurrent-refresh", apply: onRotate(raceRotations)},
		{Name: "rotation-off", Help: "a refresh returns the same refresh token", Breaks: "rotation", apply: onRotate(keepRefreshToken)},
		{Name: "retry-refused", Help: "the access token of a refresh is refused", Breaks: "retry-works", apply: issueExpired},
		{Name: "refresh-broken", Help: "every refresh is refused", Breaks: "refresh-works", apply: onRotate(refuseRefreshes)},

		{Name: "refresh-any-client", Help: "a refresh token of another client is accepted", Breaks: "refresh-client-checked", apply: onRotate(refreshForAnyClient)},
		{Name: "refresh-unbound", Help: "a refresh token bound to a DPoP key needs no proof", Breaks: "dpop-refresh-bound", apply: onRotate(refreshUnbound)},

		// Metadata and the authorization endpoint.
		{Name: "no-metadata", Help: "the metadata is not found", Breaks: "discovery-works", apply: onRequest(hideMetadata)},
		{Name: "other-issuer", Help: "the metadata names another issuer", Breaks: "discovery-issuer", apply: nameOtherIssuer},
		{Name: "no-state", Help: "the answer to the client lacks state", Breaks: "state-returned", apply: editRedirect(func(p url.Values) { p.Del("state") })},
		{Name: "no-iss", Help: "the answer to the client lacks iss", Breaks: "iss-returned", apply: editRedirect(func(p url.Values) { p.Del("iss") })},
		{Name: "wrong-iss", Help: "the answer to the client names another issuer", Breaks: "iss-returned", apply: editRedirect(func(p url.Values) { p.Set("iss", "https://other.example") })},
		{Name: "redirect-prefix-match", Help: "a redirect URI that only begins right is accepted", Breaks: "redirect-prefix-refused", apply: onRedirectURI(hasPrefix)},
		{Name: "redirect-any-port", Help: "a redirect URI with another port is accepted", Breaks: "redirect-port-refused", apply: onRedirectURI(differsInPort)},
		{Name: "redirect-any-path", Help: "a redirect URI with another path is accepted", Breaks: "redirect-path-refused", apply: onRedirectURI(differsInPath)},
		{Name: "redirect-307", Help: "the browser sends the password on to the client", Breaks: "login-redirect", apply: onRequest(repeatPassword)},
		{Name: "pkce-optional", Help: "a public client needs no code_challenge", Breaks: "pkce-required", apply: onChallenge(noChallenge)},
		{Name: "plain-pkce-accepted", Help: "the code_challenge_method plain is accepted", Breaks: "pkce-plain-refused", apply: acceptPlain},
		{Name: "framed", Help: "other sites can frame the pages", Breaks: "login-page-framing", apply: onRequest(allowFraming)},
		{Name: "cors", Help: "scripts of all sites can read the pages", Breaks: "authorize-no-cors", apply: onRequest(allowReading)},

		// Codes.
		{Name: "verifier-optional", Help: "a code needs no code_verifier", Breaks: "pkce-verifier-required", apply: onVerifier(noVerifier)},
		{Name: "verifier-unchecked", Help: "any code_verifier is accepted", Breaks: "pkce-verifier-checked", apply: onVerifier(otherVerifier)},
		{Name: "pkce-downgrade", Help: "a code_verifier without a code_challenge is accepted", Breaks: "pkce-downgrade-refused", apply: onVerifier(verifierOnly)},
		{Name: "redirect-not-bound", Help: "a code is accepted with another redirect URI", Breaks: "code-redirect-checked", apply: forgetRedirect},
		{Name: "code-any-client", Help: "a code of another client is accepted", Breaks: "code-client-checked", apply: forgetClient},
		{Name: "code-twice", Help: "a code is accepted a second time", Breaks: "code-once", apply: acceptCodeTwice},
		{Name: "code-reuse-ignored", Help: "a second use of a code revokes nothing", Breaks: "code-reuse-revokes", apply: keepSessionOfCode},

		// Clients.
		{Name: "any-client", Help: "an unknown client is accepted", Breaks: "unknown-client-refused", apply: onClient(unknownClient)},
		{Name: "secret-optional", Help: "a client with a secret need not send it", Breaks: "client-auth-required", apply: onClient(noSecret)},
		{Name: "secret-unchecked", Help: "a client is accepted with a wrong secret or key", Breaks: "client-secret-checked", apply: onClient(wrongSecret)},

		// ID tokens and userinfo.
		{Name: "no-id-token", Help: "answers lack the ID token", Breaks: "id-token-given", apply: onTokenAnswer(deleteMember("id_token"))},
		{Name: "id-token-wrong-iss", Help: "ID tokens name another issuer", Breaks: "id-token-issuer", apply: withClaim("iss", "https://other.example")},
		{Name: "id-token-wrong-aud", Help: "ID tokens are for another client", Breaks: "id-token-audience", apply: withClaim("aud", "another-client")},
		{Name: "id-token-wrong-nonce", Help: "ID tokens have another nonce", Breaks: "id-token-nonce", apply: withClaim("nonce", "another-nonce")},
		{Name: "id-token-wrong-at-hash", Help: "the at_hash of ID tokens is wrong", Breaks: "id-token-at-hash", apply: withClaim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
		{Name: "id-token-wrong-alg", Help: "ID tokens are unsigned, with alg none", Breaks: "id-token-alg", apply: issueUnsignedID},
		{Name: "id-token-expired", Help: "ID tokens have expired", Breaks: "id-token-times", apply: onIDToken(expireID)},
		{Name: "userinfo-of-another", Help: "userinfo is of another user", Breaks: "userinfo-subject", apply: editJSON("/userinfo", setMember("sub", "another-user"))},

		// Revocation, introspection and devices.
		{Name: "revoke-keeps", Help: "a revocation revokes nothing", Breaks: "refresh-after-logout-refused", apply: onRequest(revokeLess)},
		{Name: "revocation-unknown-fails", Help: "revoking an unknown token is an error", Breaks: "revocation-unknown-token", apply: onRequest(refuseUnknownTokens)},
		{Name: "introspection-open", Help: "introspection needs no authentication", Breaks: "introspection-auth", apply: onRequest(answerAnyone)},
		{Name: "introspection-never", Help: "every token is inactive at introspection", Breaks: "introspection-active", apply: editJSON("/introspect", setActive("false"))},
		{Name: "introspection-always", Help: "every token is active at introspection", Breaks: "introspection-inactive", apply: editJSON("/introspect", setActive("true"))},
		{Name: "device-no-expiry", Help: "the answer to a device lacks expires_in", Breaks: "device-authorization", apply: editJSON("/device_authorization", deleteMember("expires_in"))},
		{Name: "device-slow-down", Help: "every poll of a device gets slow_down", apply: slowDown},
		{Name: "device-code-unchecked", Help: "any device code gives an access token", Breaks: "device-code-checked", apply: acceptAnyDevice},
		{Name: "device-not-asked", Help: "a device gets tokens before the user decides", Breaks: "device-pending", apply: askNobody},

		// DPoP.
		{Name: "dpop-nonce", Help: "each DPoP proof is answered use_dpop_nonce", apply: onProof(askForNonce)},
		{Name: "dpop-ignored", Help: "a DPoP proof does not bind the access token", Breaks: "dpop-bound", apply: onProof(ignoreProof)},
		{Name: "dpop-no-cnf", Help: "bound access tokens lack the key", Breaks: "dpop-bound", apply: issueUnbound},
		{Name: "dpop-proof-optional", Help: "a bound access token needs no proof", Breaks: "dpop-needs-proof", apply: onBinding(noProof)},
		{Name: "dpop-any-key", Help: "a bound access token is accepted with any key", Breaks: "dpop-key-checked", apply: acceptAnyKey},
		{Name: "dpop-replay-accepted", Help: "a DPoP proof is accepted twice", Breaks: "dpop-replay-refused", apply: onProof(acceptReplay)},

		// Answers of the token endpoint.
		{Name: "refresh-for-client", Help: "client credentials give a refresh token", Breaks: "client-grant-no-refresh", apply: onTokenAnswer(addRefreshToken)},
		{Name: "expires-in-string", Help: "expires_in is a string", Breaks: "expires-in-number", apply: onTokenAnswer(quoteExpiresIn)},
		{Name: "token-type-odd", Help: "token_type is BearerToken", Breaks: "token-type", apply: onTokenAnswer(renameTokenType)},
		{Name: "refresh-omitted", Help: "a refresh keeps its refresh token and omits it", Breaks: "rotation", apply: omitRefreshToken},
		{Name: "error-200", Help: "errors of the token endpoint have the status 200", Breaks: "error-status", apply: onRequest(acceptErrors)},

		// Access tokens.
		{Name: "tampered-accepted", Help: "an access token with a wrong signature is accepted", Breaks: "tampered-token-refused", apply: acceptForged(false)},
		{Name: "alg-none-accepted", Help: "an unsigned access token is accepted", Breaks: "alg-none-refused", apply: acceptForged(true)},
		{Name: "access-long", Help: "access tokens live for a day", Breaks: "access-token-lifetime", apply: lengthenAccess},
		{Name: "expire-now", Help: "the next access token used counts as expired", times: 1, apply: onVerify(expireNow)},
		{Name: "expired-accepted", Help: "an expired access token is accepted", Breaks: "expired-token-refused", apply: onVerify(acceptExpired)},
		{Name: "refresh-as-access", Help: "a refresh token is accepted as an access token", Breaks: "refresh-token-not-bearer", apply: onVerify(acceptRefreshToken)},
		{Name: "bearer-refused", Help: "every access token is refused", Breaks: "bearer-accepted", apply: onVerify(refuseBearer)},
		{Name: "access-outlives", Help: "access tokens are accepted after logout", Breaks: "access-after-logout", apply: ignoreLogout},
		{Name: "no-bearer-accepted", Help: "GET /me needs no access token", Breaks: "missing-bearer-refused", apply: onRequest(needNoBearer)},

		// Logging out.
		{Name: "logout-keeps", Help: "a logout revokes nothing", Breaks: "refresh-after-logout-refused", apply: onRequest(revokeNothing)},
		{Name: "logout-keeps-cookie", Help: "a logout does not clear the cookie", Breaks: "logout-clears-cookie", apply: onRequest(keepCookie)},
		{Name: "logout-broken", Help: "every logout fails", Breaks: "logout-works", apply: onRequest(failLogouts)},

		// The cookie of the refresh token.
		{Name: "cookie-no-httponly", Help: "the cookie lacks HttpOnly", Breaks: "cookie-httponly", apply: editCookie(func(c *http.Cookie, _ string) { c.HttpOnly = false })},
		{Name: "cookie-no-secure", Help: "the cookie lacks Secure", Breaks: "cookie-secure", apply: editCookie(func(c *http.Cookie, _ string) { c.Secure = false })},
		{Name: "cookie-no-samesite", Help: "the cookie lacks SameSite", Breaks: "cookie-samesite", apply: editCookie(func(c *http.Cookie, _ string) { c.SameSite = 0 })},
		{Name: "cookie-domain", Help: "the cookie has a Domain", Breaks: "cookie-scope", apply: editCookie(func(c *http.Cookie, host string) { c.Domain = host })},

		// The cart.
		{Name: "tampered-cart-accepted", Help: "a cart with a wrong signature is checked out", Breaks: "tampered-cart-refused", apply: onRequest(acceptTamperedCart)},
		{Name: "checkout-broken", Help: "every checkout of a cart fails", Breaks: "cart-works", apply: onRequest(failCheckouts)},

		// Every answer.
		{Name: "status", Value: "STATUS", Help: "answer with this status and do nothing", parse: parseStatus, apply: onRequest(answerStatus)},
		{Name: "latency", Value: "DURATION", Help: "wait before answering", parse: durationOf(0, maxLatency), apply: onRequest(delay)},
		{Name: "drop-answer", Help: "carry out the request, then close the connection", apply: onRequest(dropAnswer)},
		{Name: "json-as-html", Help: "JSON is labelled as text/html", Breaks: "token-media-type", apply: onRequest(labelAsHTML)},
		{Name: "jwks-stale", Help: "the key set lacks the keys that sign", Breaks: "id-token-signature", apply: onRequest(publishOtherKey)},
		{Name: "no-no-store", Help: "answers lack Cache-Control: no-store", Breaks: "no-store", apply: onRequest(dropNoStore)},
	}
}

// Usage returns the name of a fault and the syntax of its value.
func (k Kind) Usage() string {
	if k.Value == "" {
		return k.Name
	}
	return k.Name + "=" + k.Value
}

// All returns the faults, sorted by name.
func All() []Kind {
	return slices.SortedFunc(slices.Values(table()), func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
}

const (
	maxOffset = 10 * 365 * 24 * time.Hour

	// maxLatency leaves a second for writing the answer.
	maxLatency = authserver.WriteTimeout - time.Second
)

func durationOf(least, most time.Duration) func(*Fault, string) bool {
	return func(f *Fault, value string) bool {
		d, err := time.ParseDuration(value)
		f.Value = d
		return err == nil && d >= least && d <= most
	}
}

func parseStatus(f *Fault, value string) bool {
	code, err := strconv.Atoi(value)
	f.Code = code
	return err == nil && code >= 400 && code <= 599
}
