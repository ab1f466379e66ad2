package profile

import (
	"slices"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

const (
	vc1 = "VC Data Model 1.1 §6.3.1"
	vc2 = "VC-JOSE-COSE §3.1.1"
)

// verifiableCredential returns the profile of a W3C verifiable credential secured as a JWT: of the
// Data Model 1.1 with the credential in the claim vc, or of 2.0 (type vc+jwt) whose claims are the
// credential.
func verifiableCredential() Profile {
	return Profile{
		Name:  "jwt-vc",
		About: "Verifiable credential, W3C VC Data Model 1.1 and 2.0",
		rules: []rule{
			{"typ", "RFC 8725 §3.11", vcType},
			{"vc", vc1, vcPlace},
			{"@context", "VC Data Model §4.1", vcContext},
			{"type", "VC Data Model §4.3", vcTypes},
			{"credentialSubject", "VC Data Model §4.4", vcSubject},
			{"iss", vc1, vcIssuer},
			{"sub", vc1, vcAgrees("sub", "credentialSubject.id", verdict.SubMismatch)},
			{"jti", vc1, vcAgrees("jti", "id", verdict.ClaimMismatch)},
			{"nbf", vc1, vcIssued},
			{"validFrom", "VC Data Model 2.0 §4.9", vcFrom("validFrom")},
			{"issuanceDate", "VC Data Model 1.1 §4.5", vcFrom("issuanceDate")},
			{"validUntil", "VC Data Model 2.0 §4.9", vcUntil("validUntil")},
			{"expirationDate", "VC Data Model 1.1 §4.6", vcUntil("expirationDate")},
			{"credentialStatus", "VC Data Model §4.9", vcStatus},
		},
	}
}

// isSecondModel reports whether the token is of the Data Model 2.0.
func (q *inquiry) isSecondModel() bool {
	typ, _ := q.header.Text("typ")
	return jwt.MediaType(typ) == jwt.MediaType("vc+jwt")
}

// credential returns the credential: the claim vc, or all claims.
func (q *inquiry) credential() (jsonobject.Object, bool) {
	if q.isSecondModel() {
		return q.claims, true
	}
	v, _ := q.claims.Get("vc")
	return v.Object()
}

func vcType(q *inquiry) finding {
	v, ok := q.header.Get("typ")
	typ, _ := v.Text()
	if q.isSecondModel() || !ok || jwt.MediaType(typ) == "jwt" {
		return finding{}
	}
	return failed(verdict.TypMismatch, "is "+phrase.JSON(v)+", want vc+jwt (2.0) or JWT (1.1)", []string{"vc+jwt", "JWT"}, v.Any())
}

// vcPlace requires the claim vc in 1.1, and refuses vc and vp in 2.0, where another verifier could
// read another credential.
func vcPlace(q *inquiry) finding {
	v, has := q.claims.Get("vc")
	_, isPresentation := q.claims.Get("vp")
	switch _, isObject := v.Object(); {
	case isPresentation:
		return failed(verdict.ClaimMismatch, "the claim vp makes it a presentation, whose credentials are tokens of their own", nil, nil).
			hinted("jwt decode -c vp.verifiableCredential TOKEN lists them")
	case q.isSecondModel() && has:
		return failed(verdict.ClaimMismatch, "must not be in a token of type vc+jwt: its claims are the credential ("+vc2+")", nil, nil)
	case q.isSecondModel():
		return finding{}
	case !has:
		return failed(verdict.MissingClaim, "missing, but required", nil, nil).hinted("a credential of Data Model 2.0 has the type vc+jwt in its header")
	case !isObject:
		return wrongKind(v, "an object")
	}
	return passed("holds the credential", nil)
}

func vcContext(q *inquiry) finding {
	const base1, base2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
	want := base1
	if q.isSecondModel() {
		want = base2
	}
	c, ok := q.credential()
	if !ok {
		return finding{}
	}
	v, _ := c.Get("@context")
	first, isText := v.Text()
	if list, ok := v.Elements(); ok && len(list) > 0 {
		first, isText = list[0].Text()
	}
	if !isText || first != want {
		return failed(verdict.ClaimMismatch, "must begin with "+want, want, v.Any())
	}
	return finding{}
}

func vcTypes(q *inquiry) finding {
	const want = "VerifiableCredential"
	c, ok := q.credential()
	if !ok {
		return finding{}
	}
	v, _ := c.Get("type")
	types, isList := v.Texts()
	if one, ok := v.Text(); ok {
		types, isList = []string{one}, true
	}
	if !isList || !slices.Contains(types, want) {
		return failed(verdict.ClaimMismatch, "must contain "+want, want, v.Any())
	}
	return passed("is "+phrase.List(types), types)
}

func vcSubject(q *inquiry) finding {
	c, ok := q.credential()
	if !ok {
		return finding{}
	}
	v, has := c.Get("credentialSubject")
	_, isList := v.Elements()
	switch _, isObject := v.Object(); {
	case !has:
		return failed(verdict.MissingClaim, "missing, but required", nil, nil)
	case !isObject && !isList:
		return wrongKind(v, "an object, or an array of objects")
	}
	return finding{}
}

// vcIssuer requires the issuer: in 1.1 as iss, in 2.0 as issuer of the credential. Both must agree.
func vcIssuer(q *inquiry) finding {
	c, _ := q.credential()
	named, inside := textAt(c, "issuer")
	if id, ok := textAt(c, "issuer.id"); ok {
		named, inside = id, true
	}
	iss, outside := q.text("iss")
	switch {
	case !outside && !q.isSecondModel():
		return failed(verdict.MissingClaim, "missing, but required: the issuer of the credential", nil, nil)
	case !inside && q.isSecondModel():
		return finding{status: verdict.Fail, class: verdict.MissingClaim, about: "issuer", detail: "missing, but required"}
	case inside && outside && named != iss:
		return failed(verdict.IssMismatch, "is "+phrase.Quote(iss)+", but the credential's issuer is "+phrase.Quote(named), named, iss)
	case outside:
		return passed("is "+phrase.Quote(iss), iss)
	}
	return passed("the credential's issuer is "+phrase.Quote(named), named)
}

// vcAgrees returns a rule that a claim equals the member of the credential that it represents.
func vcAgrees(claim, member string, mismatch verdict.Class) func(*inquiry) finding {
	return func(q *inquiry) finding {
		c, _ := q.credential()
		inside, has := textAt(c, member)
		outside, claimed := q.text(claim)
		if !has || !claimed || inside == outside {
			return finding{}
		}
		return failed(mismatch, "is "+phrase.Quote(outside)+", but the credential's "+member+" is "+phrase.Quote(inside), inside, outside)
	}
}

// vcIssued requires nbf in 1.1, which represents the date of issue.
func vcIssued(q *inquiry) finding {
	if _, ok := q.claims.Get("nbf"); !ok && !q.isSecondModel() {
		return failed(verdict.MissingClaim, "missing, but required: it represents the issuanceDate", nil, nil)
	}
	return finding{}
}

// vcFrom and vcUntil return rules that hold a time of the credential against the clock: a credential
// may have no nbf and exp.
func vcFrom(member string) func(*inquiry) finding {
	return func(q *inquiry) finding {
		t, ok, f := q.dateTime(member)
		if !ok || !t.After(q.now.Add(q.with.Leeway)) {
			return f
		}
		return failed(verdict.NotYetValid, "the credential becomes valid "+q.when(t), nil, t.Format(time.RFC3339))
	}
}

func vcUntil(member string) func(*inquiry) finding {
	return func(q *inquiry) finding {
		t, ok, f := q.dateTime(member)
		switch {
		case !ok:
			return f
		case q.now.Add(-q.with.Leeway).Before(t):
			return passed("the credential expires "+q.when(t), t.Format(time.RFC3339))
		}
		return failed(verdict.Expired, "the credential expired "+q.when(t), nil, t.Format(time.RFC3339))
	}
}

// dateTime returns a time of the credential, or false and the finding for one that cannot be read.
func (q *inquiry) dateTime(member string) (time.Time, bool, finding) {
	c, _ := q.credential()
	v, ok := c.Get(member)
	if !ok {
		return time.Time{}, false, finding{}
	}
	text, _ := v.Text()
	t, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	if err != nil {
		return time.Time{}, false, failed(verdict.ClaimsMalformed, "is "+phrase.JSON(v)+", must be a time like 2026-01-15T12:00:00Z", "a date and time", v.Any())
	}
	return t, true, finding{}
}

func (q *inquiry) when(t time.Time) string {
	return reltime.Ago(t, q.now) + " (" + t.UTC().Format(time.RFC3339) + ")"
}

func vcStatus(q *inquiry) finding {
	c, _ := q.credential()
	if _, ok := c.Get("credentialStatus"); !ok {
		return finding{}
	}
	return skipped("whether the issuer has revoked the credential was not checked")
}
