package flow

// The rules, by their stable IDs.
const (
	LoginWorks           = "login-works"
	WrongPasswordRefused = "wrong-password-refused"
	UniformLoginErrors   = "uniform-login-errors"
	BearerAccepted       = "bearer-accepted"
	MissingBearerRefused = "missing-bearer-refused"
	TamperedRefused      = "tampered-token-refused"
	AlgNoneRefused       = "alg-none-refused"
	ExpiredRefused       = "expired-token-refused"
	AccessLifetime       = "access-token-lifetime"
	CookieHTTPOnly       = "cookie-httponly"
	CookieSecure         = "cookie-secure"
	CookieSameSite       = "cookie-samesite"
	CookieScope          = "cookie-scope"
	NoStore              = "no-store"
	RefreshWorks         = "refresh-works"
	RetryWorks           = "retry-works"
	Rotation             = "rotation"
	ReuseDetected        = "reuse-detected"
	FamilyRevoked        = "family-revoked"
	Grace                = "grace"
	RefreshNotBearer     = "refresh-token-not-bearer"
	AccessNotRefresh     = "access-token-not-refresh"
	LogoutWorks          = "logout-works"
	LogoutClearsCookie   = "logout-clears-cookie"
	RefreshAfterLogout   = "refresh-after-logout-refused"
	AccessAfterLogout    = "access-after-logout"
	ConcurrentRefresh    = "concurrent-refresh"
)

// A Level is the weight of a rule: only a failed Must makes the verdict fail.
type Level string

// The levels, as in JSON.
const (
	Must   Level = "must"
	Should Level = "should"
	Info   Level = "info"
)

// A Rule is one requirement on a server, and the specification that contains it.
type Rule struct {
	ID       string
	Level    Level
	Section  string
	Title    string
	Expected string
}

// Rules returns all rules in the order of the report.
func Rules() []Rule {
	return []Rule{
		{LoginWorks, Must, "RFC 6749 §5.1", "a login with the right password gives tokens", "2xx with an access token"},
		{WrongPasswordRefused, Must, "RFC 6749 §5.2", "a login with a wrong password is refused", "400, 401 or 403 and no token"},
		{UniformLoginErrors, Should, "RFC 6749 §10.10, CWE-204", "a failed login does not reveal whether the user exists", "the same answer to an unknown user as to a wrong password"},
		{BearerAccepted, Must, "RFC 6750 §2.1", "the protected resource accepts the access token", "2xx"},
		{MissingBearerRefused, Must, "RFC 6750 §3", "a call without an access token is refused", "401 with a WWW-Authenticate header"},
		{TamperedRefused, Must, "RFC 8725 §3.3", "an access token that was changed is refused", "401"},
		{AlgNoneRefused, Must, "RFC 8725 §3.2", "an unsigned access token is refused", "401"},
		{ExpiredRefused, Must, "RFC 9068 §4", "an access token that has expired is refused", "401"},
		{AccessLifetime, Must, "RFC 9700 §2.2.1, RFC 6749 §10.3", "an access token lives for a short time", "1 h at most; up to 12 h is a warning"},
		{CookieHTTPOnly, Must, "RFC 6265 §4.1.2.6", "no script can read the cookie with the refresh token", "HttpOnly"},
		{CookieSecure, Must, "RFC 6265 §4.1.2.5", "the cookie with the refresh token is never sent unencrypted", "Secure"},
		{CookieSameSite, Must, "RFC 6265bis §4.1.2.7", "no other site makes a browser send the refresh token", "SameSite=Strict or Lax"},
		{CookieScope, Should, "RFC 6265 §4.1.2.3", "the cookie goes to the host that set it and to no other", "no Domain attribute"},
		{NoStore, Must, "RFC 6749 §5.1", "no cache stores an answer with tokens", "Cache-Control: no-store"},
		{RefreshWorks, Must, "RFC 6749 §6", "the refresh token gives a new access token", "2xx with an access token"},
		{RetryWorks, Must, "RFC 6749 §1.5", "a call refused with 401 succeeds after a refresh", "401, then 2xx with the new access token"},
		{Rotation, Must, "RFC 9700 §2.2.2", "every refresh gives a new refresh token", "another refresh token"},
		{ReuseDetected, Must, "RFC 9700 §4.14.2", "a refresh token that is spent is refused", "400 or 401 once the grace is over"},
		{FamilyRevoked, Must, "RFC 9700 §4.14.2", "a refresh token used twice ends its whole family", "the successor is refused too"},
		{Grace, Must, "RFC 9700 §4.14.2", "a spent refresh token is accepted again only briefly", ""},
		{RefreshNotBearer, Must, "RFC 6749 §1.5", "the protected resource refuses the refresh token", "401"},
		{AccessNotRefresh, Must, "RFC 6749 §6", "a refresh with an access token is refused", "400 or 401"},
		{LogoutWorks, Must, "RFC 7009 §2.2", "logging out works", "2xx"},
		{LogoutClearsCookie, Must, "RFC 6265 §3.1", "logging out clears the cookie with the refresh token", "a Set-Cookie of the same name that has expired"},
		{RefreshAfterLogout, Must, "RFC 9700 §4.14.2", "after a logout the refresh token is refused", "400 or 401"},
		{AccessAfterLogout, Info, "RFC 7009 §2.1", "after a logout the access token is refused", "401; a server that verifies tokens locally cannot know"},
		{ConcurrentRefresh, Must, "RFC 9700 §4.14.2", "simultaneous refreshes give one new refresh token", "one new refresh token at most"},
	}
}

// RuleIDs returns the IDs of all rules.
func RuleIDs() []string {
	var ids []string
	for _, r := range Rules() {
		ids = append(ids, r.ID)
	}
	return ids
}
