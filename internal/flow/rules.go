package flow

import "slices"

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

	CartWorks           = "cart-works"
	TamperedCartRefused = "tampered-cart-refused"
)

// A Level is the weight of a rule: only a failed Must makes the verdict fail.
type Level string

// The levels, as in JSON.
const (
	Must   Level = "must"
	Should Level = "should"
	Info   Level = "info"
)

// A Part is a part of the rules that some servers are judged by.
type Part string

// The parts.
const (
	Session Part = "session" // every server
	Cart    Part = "cart"    // the local server
	OAuth2  Part = "oauth"   // a server that is judged by Options.OAuth
)

// A Rule is one requirement on a server, and the specification that contains it.
type Rule struct {
	ID       string
	Part     Part
	Level    Level
	Section  string
	Title    string
	Expected string
}

// Rules returns the rules of the parts, or all rules, in the order of the report.
func Rules(parts ...Part) []Rule {
	var rules []Rule
	for _, p := range []struct {
		part  Part
		rules []Rule
	}{{Session, sessionRules()}, {Cart, cartRules()}, {OAuth2, oauthRules()}} {
		if len(parts) > 0 && !slices.Contains(parts, p.part) {
			continue
		}
		for _, rule := range p.rules {
			rule.Part = p.part
			rules = append(rules, rule)
		}
	}
	return rules
}

// RuleIDs returns the IDs of the rules of the parts, or of all rules.
func RuleIDs(parts ...Part) []string {
	var ids []string
	for _, r := range Rules(parts...) {
		ids = append(ids, r.ID)
	}
	return ids
}

func cartRules() []Rule {
	return []Rule{
		rule(CartWorks, Must, "RFC 7519 §7.2", "a signed cart in a cookie is checked out", "2xx with the cart, then 2xx"),
		rule(TamperedCartRefused, Must, "RFC 8725 §3.3", "a cart that was changed is refused", "401 Invalid cart token"),
	}
}

func rule(id string, level Level, section, title, expected string) Rule {
	return Rule{ID: id, Level: level, Section: section, Title: title, Expected: expected}
}

func sessionRules() []Rule {
	return []Rule{
		rule(LoginWorks, Must, "RFC 6749 §5.1", "a login with the right password gives tokens", "2xx with an access token"),
		rule(WrongPasswordRefused, Must, "RFC 6749 §5.2", "a login with a wrong password is refused", "400, 401 or 403 and no token"),
		rule(UniformLoginErrors, Should, "RFC 6749 §10.10, CWE-204", "a failed login does not reveal whether the user exists", "the same answer to an unknown user as to a wrong password"),
		rule(BearerAccepted, Must, "RFC 6750 §2.1", "the protected resource accepts the access token", "2xx"),
		rule(MissingBearerRefused, Must, "RFC 6750 §3", "a call without an access token is refused", "401 with a WWW-Authenticate header"),
		rule(TamperedRefused, Must, "RFC 8725 §3.3", "an access token that was changed is refused", "401"),
		rule(AlgNoneRefused, Must, "RFC 8725 §3.2", "an unsigned access token is refused", "401"),
		rule(ExpiredRefused, Must, "RFC 9068 §4", "an access token that has expired is refused", "401"),
		rule(AccessLifetime, Must, "RFC 9700 §2.2.1, RFC 6749 §10.3", "an access token lives for a short time", "1 h at most; up to 12 h is a warning"),
		rule(CookieHTTPOnly, Must, "RFC 6265 §4.1.2.6", "no script can read the cookie with the refresh token", "HttpOnly"),
		rule(CookieSecure, Must, "RFC 6265 §4.1.2.5", "the cookie with the refresh token is never sent unencrypted", "Secure"),
		rule(CookieSameSite, Must, "RFC 6265bis §4.1.2.7", "no other site makes a browser send the refresh token", "SameSite=Strict or Lax"),
		rule(CookieScope, Should, "RFC 6265 §4.1.2.3", "the cookie goes to the host that set it and to no other", "no Domain attribute"),
		rule(NoStore, Must, "RFC 6749 §5.1", "no cache stores an answer with tokens", "Cache-Control: no-store"),
		rule(RefreshWorks, Must, "RFC 6749 §6", "the refresh token gives a new access token", "2xx with an access token"),
		rule(RetryWorks, Must, "RFC 6749 §1.5", "a call refused with 401 succeeds after a refresh", "401, then 2xx with the new access token"),
		rule(Rotation, Must, "RFC 9700 §2.2.2", "every refresh gives a new refresh token", "another refresh token"),
		rule(ReuseDetected, Must, "RFC 9700 §4.14.2", "a refresh token that is spent is refused", "400 or 401 once the grace is over"),
		rule(FamilyRevoked, Must, "RFC 9700 §4.14.2", "a refresh token used twice ends its whole family", "the successor is refused too"),
		rule(Grace, Must, "RFC 9700 §4.14.2", "a spent refresh token is accepted again only briefly", ""),
		rule(RefreshNotBearer, Must, "RFC 6749 §1.5", "the protected resource refuses the refresh token", "401"),
		rule(AccessNotRefresh, Must, "RFC 6749 §6", "a refresh with an access token is refused", "400 or 401"),
		rule(LogoutWorks, Must, "RFC 7009 §2.2", "logging out works", "2xx"),
		rule(LogoutClearsCookie, Must, "RFC 6265 §3.1", "logging out clears the cookie with the refresh token", "a Set-Cookie of the same name that has expired"),
		rule(RefreshAfterLogout, Must, "RFC 9700 §4.14.2", "after a logout the refresh token is refused", "400 or 401"),
		rule(AccessAfterLogout, Info, "RFC 7009 §2.1", "after a logout the access token is refused", "401; a server that verifies tokens locally cannot know"),
		rule(ConcurrentRefresh, Must, "RFC 9700 §4.14.2", "simultaneous refreshes give one new refresh token", "one new refresh token at most"),
	}
}
