package bcp

import (
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
)

// Limits on the lifetime, the time from iat (or nbf, or now) to exp.
const (
	MaxAccessLifetime  = 24 * time.Hour       // of an access token: medium above it
	MaxLifetime        = 30 * 24 * time.Hour  // of a token of unknown use: medium above it
	LongLifetime       = 24 * time.Hour       // of a token of unknown use: low above it
	MaxRefreshLifetime = 366 * 24 * time.Hour // of a refresh token: medium above it

	// ClockSkew is how far iat may be ahead of now.
	ClockSkew = time.Minute
)

// An instant is one of the claims exp, nbf and iat.
type instant struct {
	name    string
	present bool
	number  bool
	date    jwt.NumericDate
	at      time.Time
	ok      bool // at is set: the number is within the years 0 to 9999
}

func instantOf(claims jsonobject.Object, name string) instant {
	v, present := claims.Get(name)
	i := instant{name: name, present: present}
	if i.date, i.number = jwt.ParseNumericDate(v); i.number {
		i.at, i.ok = i.date.Time()
	}
	return i
}

// after reports whether both are dates and i is not before j.
func (i instant) after(j instant) bool { return i.ok && j.ok && !i.at.Before(j.at) }

func (i instant) String() string { return i.name + " is " + i.date.String() }

func expMissing(r *inspection) []hit {
	if !r.hasClaims() || r.exp.present || r.purpose.noExp {
		return nil
	}
	return oneHit(Payload, "exp", "the payload has no exp")
}

func expNotANumber(r *inspection) []hit {
	if !r.exp.present || r.exp.number {
		return nil
	}
	v, _ := r.Claims.Get("exp")
	return oneHit(Payload, "exp", "exp is "+v.Noun()+": "+phrase.Short(string(v)))
}

func expMilliseconds(r *inspection) []hit {
	if why := notSeconds(r.exp); why != "" && r.exp.date.Compare(r.Now) > 0 {
		return oneHit(Payload, "exp", why)
	}
	return nil
}

func timeMilliseconds(r *inspection) []hit {
	if !r.hasClaims() {
		return nil
	}
	var hits []hit
	for _, name := range [...]string{"nbf", "iat", "auth_time", "updated_at", "toe"} {
		if why := notSeconds(instantOf(r.Claims, name)); why != "" {
			hits = append(hits, hit{Payload, name, why})
		}
	}
	return hits
}

// notSeconds returns why a number cannot be in seconds, or "".
func notSeconds(i instant) string {
	if !i.number || i.ok {
		return ""
	}
	if t, ok := i.date.InMilliseconds(); ok {
		return i.name + " is " + phrase.Short(i.date.Text()) + ", in milliseconds " + t.Format(time.RFC3339)
	}
	return i.name + " is " + phrase.Short(i.date.Text()) + ", outside the years 0 to 9999"
}

// A use is the purpose of a token, as its claims indicate it.
type use int

const (
	unknownUse use = iota
	accessUse
	refreshUse
)

func (r *inspection) use() use {
	switch kind := plain(textOf(r.Claims, "typ")); {
	case kind == "refresh", kind == "offline":
		return refreshUse
	case plain(textOf(r.Claims, "token_type")) == "refresh", plain(textOf(r.Claims, "token_use")) == "refresh":
		return refreshUse
	case kind == "bearer", r.typ == "at+jwt", textOf(r.Claims, "token_use") == "access", textOf(r.Claims, "token_type") == "access":
		return accessUse
	}
	for _, name := range [...]string{"scope", "scp"} {
		if _, ok := r.Claims.Get(name); ok {
			return accessUse
		}
	}
	return unknownUse
}

// lifetime returns the lifetime of the token and the claim from which it is counted. ok
// is false if the lifetime is unknown.
func (r *inspection) lifetime() (d time.Duration, since string, ok bool) {
	if !r.exp.ok {
		return 0, "", false
	}
	start, since := r.Now, "now"
	switch {
	case r.iat.ok:
		start, since = r.iat.at, "iat"
	case r.nbf.ok:
		start, since = r.nbf.at, "nbf"
	}
	d = r.exp.at.Sub(start)
	return d, since, d > 0
}

func lifetimeTooLong(r *inspection) []hit {
	limit := MaxLifetime
	switch r.use() {
	case accessUse:
		limit = MaxAccessLifetime
	case refreshUse:
		limit = MaxRefreshLifetime
	}
	d, since, ok := r.lifetime()
	if !ok || d <= limit {
		return nil
	}
	return oneHit(Payload, "exp", reltime.Span(d)+" from "+since+" to exp, more than "+reltime.Span(limit))
}

func lifetimeLong(r *inspection) []hit {
	d, since, ok := r.lifetime()
	if !ok || r.use() != unknownUse || d <= LongLifetime || d > MaxLifetime {
		return nil
	}
	return oneHit(Payload, "exp", reltime.Span(d)+" from "+since+" to exp")
}

func nbfAfterExp(r *inspection) []hit {
	if !r.nbf.after(r.exp) {
		return nil
	}
	return oneHit(Payload, "nbf", r.nbf.String()+", "+r.exp.String())
}

func iatAfterExp(r *inspection) []hit {
	if !r.iat.after(r.exp) {
		return nil
	}
	return oneHit(Payload, "iat", r.iat.String()+", "+r.exp.String())
}

func iatFuture(r *inspection) []hit {
	if !r.iat.ok || !r.iat.at.After(r.Now.Add(ClockSkew)) {
		return nil
	}
	return oneHit(Payload, "iat", r.iat.String()+", "+reltime.Ago(r.iat.at, r.Now))
}

func expExpired(r *inspection) []hit {
	if !r.exp.number || r.exp.date.Compare(r.Now) > 0 {
		return nil
	}
	if !r.exp.ok {
		return oneHit(Payload, "exp", "exp is before the year 0")
	}
	return oneHit(Payload, "exp", "expired "+reltime.Ago(r.exp.at, r.Now))
}

func nbfFuture(r *inspection) []hit {
	if !r.nbf.ok || !r.nbf.at.After(r.Now) {
		return nil
	}
	return oneHit(Payload, "nbf", "valid "+reltime.Ago(r.nbf.at, r.Now))
}

func iatMissing(r *inspection) []hit {
	if !r.hasClaims() || r.iat.present || r.typ == "at+jwt" { // access-token-claims reports it
		return nil
	}
	return oneHit(Payload, "iat", "the payload has no iat")
}
