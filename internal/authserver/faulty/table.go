package faulty

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/authserver"
)

// The names of the faults.
const (
	Latency         = "latency"
	Status          = "status"
	DropAnswer      = "drop-answer"
	ExpireNow       = "expire-now"
	RotateKey       = "rotate-key"
	ClockOffset     = "clock-offset"
	LoginBroken     = "login-broken"
	AnyPassword     = "any-password"
	ErrorsDiffer    = "uniform-errors-off"
	BearerRefused   = "bearer-refused"
	NoBearer        = "no-bearer-accepted"
	Tampered        = "tampered-accepted"
	AlgNone         = "alg-none-accepted"
	Expired         = "expired-accepted"
	NoHTTPOnly      = "cookie-no-httponly"
	NoSecure        = "cookie-no-secure"
	NoSameSite      = "cookie-no-samesite"
	CookieDomain    = "cookie-domain"
	Cacheable       = "no-no-store"
	RefreshBroken   = "refresh-broken"
	RetryRefused    = "retry-refused"
	NoRotation      = "rotation-off"
	Reuse           = "reuse-undetected"
	FamilySurvives  = "family-survives"
	Grace           = "grace"
	RefreshAsAccess = "refresh-as-access"
	AccessAsRefresh = "access-as-refresh"
	LogoutBroken    = "logout-broken"
	CookieStays     = "logout-keeps-cookie"
	LogoutKeeps     = "logout-keeps"
	AccessOutlives  = "access-outlives"
	Race            = "rotation-races"
)

// A Kind is a row of the table of faults.
type Kind struct {
	Name   string
	Value  string // syntax of its value: "", "DURATION" or "STATUS"
	Help   string // what the server does wrong
	Breaks string // rule of session flow that detects it; empty: none

	parse func(f *Fault, value string) bool // for a fault with a value
	whole bool                              // concerns the whole server: no times, no path
	times int                               // default of times; 0: always

	// apply replaces rules of the server; nil for RotateKey, which happens at once.
	apply func(toggle, *authserver.Rules)
}

// table lists the faults. Rules are replaced in this order: of two faults of one rule the
// lower one decides first.
var table = []Kind{
	// The server itself.
	{Name: ClockOffset, Value: "DURATION", Help: "its clock differs by this much", parse: durationOf(-maxOffset, maxOffset), whole: true, apply: offsetClock},
	{Name: RotateKey, Help: "sign with a new key at once", whole: true},

	// Logging in.
	{Name: ErrorsDiffer, Help: "unknown users get another error than wrong passwords", Breaks: "uniform-login-errors", apply: tellUnknownUsers},
	{Name: AnyPassword, Help: "any password of a known user is accepted", Breaks: "wrong-password-refused", apply: acceptAnyPassword},
	{Name: LoginBroken, Help: "every login is refused", Breaks: "login-works", apply: refuseLogins},

	// Refresh tokens. AccessAsRefresh verifies access tokens by the sound rule.
	{Name: AccessAsRefresh, Help: "an access token is accepted as a refresh token", Breaks: "access-token-not-refresh", apply: acceptAccessToken},
	{Name: Grace, Value: "DURATION", Help: "for this long a spent refresh token gives its successor", Breaks: "grace", parse: durationOf(0, maxOffset), apply: changeGrace},
	{Name: FamilySurvives, Help: "reuse of a refresh token is refused but revokes nothing", Breaks: "family-revoked", apply: keepFamily},
	{Name: Reuse, Help: "a spent refresh token gives another successor", Breaks: "reuse-detected", apply: acceptReuse},
	{Name: Race, Help: "concurrent refreshes all succeed", Breaks: "concurrent-refresh", apply: raceRotations},
	{Name: NoRotation, Help: "a refresh returns the same refresh token", Breaks: "rotation", apply: keepRefreshToken},
	{Name: RetryRefused, Help: "the access token of a refresh is refused", Breaks: "retry-works", apply: issueExpired},
	{Name: RefreshBroken, Help: "every refresh is refused", Breaks: "refresh-works", apply: refuseRefreshes},

	// Access tokens.
	{Name: Tampered, Help: "an access token with a wrong signature is accepted", Breaks: "tampered-token-refused", apply: acceptTampered},
	{Name: AlgNone, Help: "an unsigned access token is accepted", Breaks: "alg-none-refused", apply: acceptUnsigned},
	{Name: ExpireNow, Help: "the next access token used counts as expired", times: 1, apply: expireNow},
	{Name: Expired, Help: "an expired access token is accepted", Breaks: "expired-token-refused", apply: acceptExpired},
	{Name: RefreshAsAccess, Help: "a refresh token is accepted as an access token", Breaks: "refresh-token-not-bearer", apply: acceptRefreshToken},
	{Name: BearerRefused, Help: "every access token is refused", Breaks: "bearer-accepted", apply: refuseBearer},
	{Name: AccessOutlives, Help: "access tokens are accepted after logout", Breaks: "access-after-logout", apply: ignoreLogout},
	{Name: NoBearer, Help: "GET /me needs no access token", Breaks: "missing-bearer-refused", apply: needNoBearer},

	// Logging out.
	{Name: LogoutKeeps, Help: "a logout revokes nothing", Breaks: "refresh-after-logout-refused", apply: revokeNothing},
	{Name: CookieStays, Help: "a logout does not clear the cookie", Breaks: "logout-clears-cookie", apply: keepCookie},
	{Name: LogoutBroken, Help: "every logout fails", Breaks: "logout-works", apply: failLogouts},

	// The cookie of the refresh token.
	{Name: NoHTTPOnly, Help: "the cookie lacks HttpOnly", Breaks: "cookie-httponly", apply: cookieFault(func(c *http.Cookie, _ string) { c.HttpOnly = false })},
	{Name: NoSecure, Help: "the cookie lacks Secure", Breaks: "cookie-secure", apply: cookieFault(func(c *http.Cookie, _ string) { c.Secure = false })},
	{Name: NoSameSite, Help: "the cookie lacks SameSite", Breaks: "cookie-samesite", apply: cookieFault(func(c *http.Cookie, _ string) { c.SameSite = 0 })},
	{Name: CookieDomain, Help: "the cookie has a Domain", Breaks: "cookie-scope", apply: cookieFault(func(c *http.Cookie, host string) { c.Domain = host })},

	// Every answer.
	{Name: Status, Value: "STATUS", Help: "answer with this status and do nothing", parse: parseStatus, apply: answerStatus},
	{Name: Latency, Value: "DURATION", Help: "wait before answering", parse: durationOf(0, maxLatency), apply: delay},
	{Name: DropAnswer, Help: "carry out the request, then close the connection", apply: dropAnswer},
	{Name: Cacheable, Help: "answers lack Cache-Control: no-store", Breaks: "no-store", apply: dropNoStore},
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
	return slices.SortedFunc(slices.Values(table), func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
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
