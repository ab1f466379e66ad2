package flow

// The rules of OAuth 2.0 and OpenID Connect.
const (
	DiscoveryWorks  = "discovery-works"
	DiscoveryIssuer = "discovery-issuer"

	StateReturned         = "state-returned"
	IssReturned           = "iss-returned"
	RedirectPathRefused   = "redirect-path-refused"
	RedirectPrefixRefused = "redirect-prefix-refused"
	RedirectPortRefused   = "redirect-port-refused"
	PKCERequired          = "pkce-required"
	PKCEPlainRefused      = "pkce-plain-refused"
	LoginPageFraming      = "login-page-framing"
	LoginRedirect         = "login-redirect"
	AuthorizeNoCORS       = "authorize-no-cors"

	PKCEVerifierRequired = "pkce-verifier-required"
	PKCEVerifierChecked  = "pkce-verifier-checked"
	PKCEDowngradeRefused = "pkce-downgrade-refused"
	CodeRedirectChecked  = "code-redirect-checked"
	CodeClientChecked    = "code-client-checked"
	CodeOnce             = "code-once"
	CodeReuseRevokes     = "code-reuse-revokes"

	TokenMediaType  = "token-media-type"
	TokenTypeKnown  = "token-type"
	ExpiresInNumber = "expires-in-number"
	ErrorStatus     = "error-status"

	IDTokenGiven     = "id-token-given"
	IDTokenAlg       = "id-token-alg"
	IDTokenSignature = "id-token-signature"
	IDTokenIssuer    = "id-token-issuer"
	IDTokenAudience  = "id-token-audience"
	IDTokenNonce     = "id-token-nonce"
	IDTokenAtHash    = "id-token-at-hash"
	IDTokenTimes     = "id-token-times"
	UserinfoSubject  = "userinfo-subject"

	UnknownClientRefused = "unknown-client-refused"
	ClientAuthRequired   = "client-auth-required"
	ClientSecretChecked  = "client-secret-checked"
	RefreshClientChecked = "refresh-client-checked"
	NoRefreshForClient   = "client-grant-no-refresh"

	RevocationUnknown = "revocation-unknown-token"

	IntrospectionActive   = "introspection-active"
	IntrospectionInactive = "introspection-inactive"
	IntrospectionAuth     = "introspection-auth"

	DeviceAuthorization = "device-authorization"
	DevicePending       = "device-pending"
	DeviceCodeChecked   = "device-code-checked"

	DPoPBound      = "dpop-bound"
	DPoPNeedsProof = "dpop-needs-proof"
	DPoPKeyChecked = "dpop-key-checked"
	DPoPReplay     = "dpop-replay-refused"
	DPoPRefresh    = "dpop-refresh-bound"
)

// oauthRules are grouped by what they need: the metadata, the authorization endpoint, a
// code, and so on.
func oauthRules() []Rule {
	const core = "OpenID Connect Core §"
	return []Rule{
		rule(DiscoveryWorks, Must, "RFC 8414 §3", "the server describes itself", "200 with its endpoints"),
		rule(DiscoveryIssuer, Must, "RFC 8414 §3.3", "the metadata is of the server that was asked", "issuer is the URL of the server"),

		rule(StateReturned, Must, "RFC 6749 §4.1.2", "the answer of the login page has the state of the request", "the same state"),
		rule(IssReturned, Must, "RFC 9207 §2", "the answer of the login page names the server", "iss is the issuer; without the announcement its absence is a warning"),
		rule(RedirectPathRefused, Must, "RFC 9700 §2.1", "no code goes to another path than the registered one", "an error page, no redirect"),
		rule(RedirectPrefixRefused, Must, "RFC 9700 §4.1.3", "no code goes to a URI that only begins like the registered one", "an error page, no redirect"),
		rule(RedirectPortRefused, Must, "RFC 9700 §4.1.3, RFC 8252 §7.3", "no code goes to another port, except on loopback", "an error page, no redirect"),
		rule(PKCERequired, Should, "RFC 9700 §2.1.1", "a public client gets no code without a code_challenge", "an error"),
		rule(PKCEPlainRefused, Should, "RFC 9700 §2.1.1, RFC 7636 §7.2", "the code_challenge_method plain is refused", "an error"),
		rule(LoginPageFraming, Should, "RFC 9700 §4.16", "no other site can frame the login page", "CSP frame-ancestors or X-Frame-Options"),
		rule(LoginRedirect, Must, "RFC 9700 §4.12", "no browser sends the password on to the client", "a redirect other than 307 and 308"),
		rule(AuthorizeNoCORS, Must, "RFC 9700 §2.6", "scripts of other sites cannot read the login page", "no Access-Control-Allow-Origin"),

		rule(PKCEVerifierRequired, Must, "RFC 7636 §4.6", "a code is not redeemed without its code_verifier", "400 invalid_grant"),
		rule(PKCEVerifierChecked, Must, "RFC 7636 §4.6", "a code is not redeemed with another code_verifier", "400 invalid_grant"),
		rule(PKCEDowngradeRefused, Must, "RFC 9700 §4.8.2", "a code that was asked for without a code_challenge is not redeemed with a code_verifier", "400"),
		rule(CodeRedirectChecked, Must, "RFC 6749 §4.1.3", "a code is not redeemed with another redirect_uri", "400 invalid_grant"),
		rule(CodeClientChecked, Must, "RFC 6749 §4.1.3", "a code is not redeemed by another client", "400 invalid_grant"),
		rule(CodeOnce, Must, "RFC 6749 §4.1.2", "a code is redeemed once", "400 invalid_grant"),
		rule(CodeReuseRevokes, Should, "RFC 6749 §4.1.2", "a code used twice revokes the tokens that it gave", "the refresh token is refused"),

		rule(TokenMediaType, Must, "RFC 6749 §5.1", "an answer with tokens is JSON", "Content-Type: application/json"),
		rule(TokenTypeKnown, Must, "RFC 6749 §5.1", "the type of the access token is named", "token_type Bearer or DPoP"),
		rule(ExpiresInNumber, Must, "RFC 6749 §5.1", "the lifetime of the access token is a number of seconds", "a JSON number"),
		rule(ErrorStatus, Must, "RFC 6749 §5.2", "a refused token request is an error", "400 or 401 with error in JSON"),

		rule(IDTokenGiven, Must, core+"3.1.3.3", "the scope openid gives an ID token", "id_token"),
		rule(IDTokenAlg, Must, core+"3.1.3.7", "the ID token is signed with an announced algorithm", "one of id_token_signing_alg_values_supported, never none"),
		rule(IDTokenSignature, Must, core+"3.1.3.7", "the signature of the ID token verifies under the published keys", "a key of jwks_uri verifies it"),
		rule(IDTokenIssuer, Must, core+"3.1.3.7", "the ID token names the server", "iss is the issuer"),
		rule(IDTokenAudience, Must, core+"3.1.3.7", "the ID token is for the client", "aud is or has the client ID"),
		rule(IDTokenNonce, Must, core+"3.1.3.7", "the ID token has the nonce of the request", "the same nonce"),
		rule(IDTokenAtHash, Must, core+"3.1.3.6", "at_hash belongs to the access token", "half of its hash, if it is there"),
		rule(IDTokenTimes, Must, core+"2", "the ID token is fresh", "iat is now, exp is later"),
		rule(UserinfoSubject, Must, core+"5.3.2", "userinfo is of the user of the ID token", "the same sub"),

		rule(UnknownClientRefused, Must, "RFC 6749 §5.2", "an unknown client gets no tokens", "400 or 401 invalid_client"),
		rule(ClientAuthRequired, Must, "RFC 6749 §3.2.1", "a client that authenticates gets no tokens without that", "400 or 401 invalid_client"),
		rule(ClientSecretChecked, Must, "RFC 6749 §2.3.1, RFC 7523 §3, RFC 8705 §2", "a client with a wrong secret, key or certificate gets no tokens", "400 or 401 invalid_client"),
		rule(RefreshClientChecked, Must, "RFC 6749 §6", "a refresh token is of no use to another client", "400 invalid_grant"),
		rule(NoRefreshForClient, Should, "RFC 6749 §4.4.3", "client credentials give no refresh token", "no refresh_token"),

		rule(RevocationUnknown, Must, "RFC 7009 §2.2", "revoking an unknown token is not an error", "200"),

		rule(IntrospectionActive, Must, "RFC 7662 §2.2", "introspection says that the access token is active", "active is true"),
		rule(IntrospectionInactive, Must, "RFC 7662 §2.2", "introspection says that an invented token is not active", "200 with active false"),
		rule(IntrospectionAuth, Must, "RFC 7662 §2.1", "introspection needs authentication", "401"),

		rule(DeviceAuthorization, Must, "RFC 8628 §3.2", "a device gets its codes", "200 with device_code, user_code, verification_uri and expires_in"),
		rule(DevicePending, Must, "RFC 8628 §3.5", "a device gets no tokens before the user decides", "400 authorization_pending or slow_down"),
		rule(DeviceCodeChecked, Must, "RFC 8628 §3.5", "an invented device code is refused", "400"),

		rule(DPoPBound, Must, "RFC 9449 §5", "a DPoP proof binds the access token", "token_type DPoP, and cnf.jkt in a JWT"),
		rule(DPoPNeedsProof, Must, "RFC 9449 §7.2", "a bound access token is not accepted as a bearer token", "401"),
		rule(DPoPKeyChecked, Must, "RFC 9449 §7.1", "a bound access token is not accepted with a proof of another key", "401"),
		rule(DPoPReplay, Info, "RFC 9449 §11.1", "a DPoP proof is accepted once", "401; a server need not remember proofs"),
		rule(DPoPRefresh, Must, "RFC 9449 §5", "a bound refresh token of a public client is refused without a proof", "400"),
	}
}
