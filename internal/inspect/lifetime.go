package inspect

import (
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// A Lifetime is the time in which a token is valid, compared with Now.
type Lifetime struct {
	Issued, NotBefore, Expires Moment // iat, nbf, exp
	Now                        time.Time
}

// A Moment is a claim that is a time. The zero Moment is a missing claim.
type Moment struct {
	Given  bool // the claim is present
	IsDate bool // it is a number
	Date   jwt.NumericDate
	Shown  bool // At is the date, which is within the calendar
	At     time.Time
}

// A State is the position of a token in time, as a stable word.
type State string

// The states.
const (
	Current     State = "current"
	NotYetValid State = "not_yet_valid"
	Expired     State = "expired"
	Endless     State = "endless" // it has no valid exp
)

// LifetimeOf returns the lifetime in claims.
func LifetimeOf(claims jsonobject.Object, now time.Time) Lifetime {
	return Lifetime{Issued: MomentOf(claims, "iat"), NotBefore: MomentOf(claims, "nbf"), Expires: MomentOf(claims, "exp"), Now: now}
}

// MomentOf returns the moment in the claim with this name.
func MomentOf(claims jsonobject.Object, name string) Moment {
	v, ok := claims.Get(name)
	if !ok {
		return Moment{}
	}
	m := Moment{Given: true}
	if m.Date, m.IsDate = jwt.ParseNumericDate(v); m.IsDate {
		m.At, m.Shown = m.Date.Time()
	}
	return m
}

// State compares as verifying does, exactly: a token is expired from exp on.
func (l Lifetime) State() State {
	switch {
	case l.Expires.IsDate && l.Expires.Date.Compare(l.Now) <= 0:
		return Expired
	case l.NotBefore.IsDate && l.NotBefore.Date.Compare(l.Now) > 0:
		return NotYetValid
	case !l.Expires.IsDate:
		return Endless
	default:
		return Current
	}
}

// ValidFor returns an error unless the token is valid now and for at least d: expired,
// not_yet_valid, or missing_claim for a token without exp. It compares as verifying does.
func (l Lifetime) ValidFor(d time.Duration) error {
	const hint = "get a new token; nothing was verified, jwt verify checks the signature too"
	expires, begins := l.Expires.Date, l.NotBefore.Date
	switch {
	case !l.Expires.Given:
		return verdict.Errorf(verdict.MissingClaim, "exp: missing, the time left is unknown").Hintf(hint)
	case !l.Expires.IsDate, l.NotBefore.Given && !l.NotBefore.IsDate:
		return verdict.Errorf(verdict.ClaimsMalformed, "exp or nbf is not a number").Hintf(hint)
	case expires.Compare(l.Now) <= 0:
		return verdict.Errorf(verdict.Expired, "exp: expired %s", expires.When(l.Now, time.UTC)).Hintf(hint)
	case l.NotBefore.Given && begins.Compare(l.Now) > 0:
		return verdict.Errorf(verdict.NotYetValid, "nbf: not valid before %s", begins.When(l.Now, time.UTC)).Hintf(hint)
	case expires.Compare(l.Now.Add(d)) < 0:
		return verdict.Errorf(verdict.Expired, "exp: expires %s, want at least %s", expires.When(l.Now, time.UTC), reltime.Typed(d)).Hintf(hint)
	}
	return nil
}

// Start returns the start of the lifetime: iat, or else nbf. It returns false if both are
// missing.
func (l Lifetime) Start() (time.Time, bool) {
	if l.Issued.Shown {
		return l.Issued.At, true
	}
	return l.NotBefore.At, l.NotBefore.Shown
}
