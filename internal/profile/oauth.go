package profile

import (
	"slices"
	"strconv"

	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// accessToken returns the profile of RFC 9068 §2 and §4.
func accessToken() Profile {
	return Profile{
		Name:  "at+jwt",
		About: "OAuth 2.0 access token, RFC 9068",
		rules: rules(
			[]rule{hasType("at+jwt", "RFC 9068 §2.1", false)},
			has("RFC 9068 §2.2", "iss", "exp", "aud", "sub", "client_id", "iat", "jti"),
			is(aText, "RFC 9068 §2.2", "client_id"),
			is(aNumber, "RFC 9068 §2.2.1", "auth_time"),
			is(aText, "RFC 9068 §2.2.1", "acr"),
			is(texts, "RFC 9068 §2.2.1", "amr"),
			is(aText, "RFC 9068 §2.2.3", "scope"),
		),
	}
}

// maxSubject is the maximum length of an OpenID Connect subject, in ASCII characters.
const maxSubject = 255

// idToken returns the profile of OpenID Connect Core 1.0 §2 and §3.1.3.7.
func idToken() Profile {
	return Profile{
		Name:  "id-token",
		About: "ID Token, OpenID Connect Core",
		rules: rules(
			oneRule("typ", "RFC 8725 §3.11", otherTokenType),
			has("OpenID Connect Core §2", "iss", "sub", "aud", "exp", "iat"),
			oneRule("sub", "OpenID Connect Core §2", shortSubject),
			oneRule("azp", "OpenID Connect Core §3.1.3.7", authorizedParty),
			oneRule("nonce", "OpenID Connect Core §3.1.3.7", uncheckedNonce),
			is(aText, "OpenID Connect Core §2", "nonce", "acr"),
			is(aNumber, "OpenID Connect Core §2", "auth_time"),
			is(texts, "OpenID Connect Core §2", "amr"),
			oneRule("at_hash", "OpenID Connect Core §3.1.3.8", func(q *inquiry) finding {
				return halfHash(q, "at_hash", q.with.AccessToken, "access token", "--access-token SOURCE")
			}),
			oneRule("c_hash", "OpenID Connect Core §3.3.2.10", func(q *inquiry) finding {
				return halfHash(q, "c_hash", q.with.Code, "code", "--code SOURCE")
			}),
			oneRule("s_hash", "FAPI 1.0 Part 2 §5.1.1", func(q *inquiry) finding {
				return halfHash(q, "s_hash", q.with.State, "state", "")
			}),
		),
	}
}

// otherTokenType refuses a token whose "typ" names another kind. ID Tokens have no type
// of their own.
func otherTokenType(q *inquiry) finding {
	v, ok := q.header.Get("typ")
	got, isText := v.Text()
	if !ok || isText && jwt.MediaType(got) == "jwt" {
		return finding{}
	}
	return failed(verdict.TypMismatch, "is "+phrase.JSON(v)+`, want "JWT" or none: this is another kind of token`, "JWT", v.Any())
}

func shortSubject(q *inquiry) finding {
	sub, ok := q.text("sub")
	switch {
	case !ok:
		return finding{}
	case len(sub) > maxSubject:
		return failed(verdict.ClaimsMalformed, "has "+strconv.Itoa(len(sub))+" bytes, at most 255 are allowed", maxSubject, len(sub))
	case slices.ContainsFunc([]byte(sub), func(c byte) bool { return c >= 0x80 }):
		return failed(verdict.ClaimsMalformed, "is not ASCII: "+phrase.Quote(sub), "ASCII", sub)
	}
	return finding{}
}

// authorizedParty checks "azp", which must be the client. It is required if the token has
// other audiences that the caller does not trust.
func authorizedParty(q *inquiry) finding {
	clients := q.with.Audiences
	v, ok := q.claims.Get("azp")
	if ok {
		azp, isText := v.Text()
		switch {
		case !isText:
			return wrongKind(v, "a string")
		case len(clients) == 0:
			return skipped("is " + phrase.Quote(azp) + ", not compared with anything").hinted("--aud CLIENT_ID")
		case !slices.Contains(clients, azp):
			return failed(verdict.ClaimMismatch, "is "+phrase.Quote(azp)+", want "+phrase.Or(clients), jwt.OneOrAll(clients), azp)
		}
		return passed("is "+phrase.Quote(azp), azp)
	}
	aud, _ := q.claims.Get("aud")
	list, _ := aud.Texts()
	other := slices.IndexFunc(list, func(a string) bool { return !slices.Contains(clients, a) })
	if len(list) < 2 || len(clients) == 0 || other < 0 {
		return finding{}
	}
	return failed(verdict.MissingClaim, "missing, but aud has "+phrase.Quote(list[other])+" too", jwt.OneOrAll(clients), nil).
		hinted("--aud " + phrase.Short(list[other]) + " as well, if it is trusted")
}

func uncheckedNonce(q *inquiry) finding {
	nonce, ok := q.text("nonce")
	if !ok || q.with.Nonce != nil {
		return finding{}
	}
	return skipped("is " + phrase.Quote(nonce) + ", not compared with anything").hinted("--nonce VALUE")
}

// halfHash compares a claim with the left half of the hash of a value that came with the
// token. The hash is that of the signature's algorithm.
func halfHash(q *inquiry, name string, of *string, what, hint string) finding {
	v, ok := q.claims.Get(name)
	switch {
	case of == nil && !ok:
		return finding{}
	case of == nil:
		return skipped("is there, but nothing was given to compare it with").hinted(hint)
	}
	want, hashed := LeftHalf(q.with.Alg, q.with.Curve, *of)
	switch {
	case !hashed:
		return skipped("cannot be compared: no hash is defined for " + q.with.Alg.Name)
	case !ok:
		return failed(verdict.MissingClaim, "missing, but the "+what+" is to be compared with it", want, nil)
	}
	if got, isText := v.Text(); !isText || got != want {
		return failed(verdict.ClaimMismatch, "is "+phrase.JSON(v)+", want "+phrase.Quote(want)+", the hash of the "+what, want, v.Any())
	}
	return passed("is the hash of the "+what, want)
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// logoutToken returns the profile of OpenID Connect Back-Channel Logout 1.0 §2.4 and
// §2.6.
func logoutToken() Profile {
	return Profile{
		Name:  "logout+jwt",
		About: "Logout Token, OpenID Connect Back-Channel Logout",
		rules: rules(
			[]rule{hasType("logout+jwt", "OpenID Connect Back-Channel Logout §2.4", true)},
			has("OpenID Connect Back-Channel Logout §2.4", "iss", "aud", "iat", "exp", "jti", "events"),
			oneRule("sub", "OpenID Connect Back-Channel Logout §2.6", subjectOrSession),
			is(aText, "OpenID Connect Back-Channel Logout §2.4", "sid"),
			oneRule("events", "OpenID Connect Back-Channel Logout §2.6", logoutEvents),
			oneRule("nonce", "OpenID Connect Back-Channel Logout §2.6", noNonce),
		),
	}
}

func subjectOrSession(q *inquiry) finding {
	_, sub := q.claims.Get("sub")
	_, sid := q.claims.Get("sid")
	if !sub && !sid {
		return failed(verdict.MissingClaim, "missing, and sid too: one of them says whom to log out", nil, nil)
	}
	return passed("sub or sid is there", nil)
}

func logoutEvents(q *inquiry) finding {
	v, ok := q.claims.Get("events")
	if !ok {
		return finding{}
	}
	events, ok := v.Object()
	if !ok {
		return wrongKind(v, "an object")
	}
	event, ok := events.Get(logoutEvent)
	switch {
	case !ok:
		return failed(verdict.MissingClaim, "has no "+logoutEvent, logoutEvent, memberNames(events))
	case event.Kind() != '{':
		return failed(verdict.ClaimsMalformed, logoutEvent+" is "+event.Noun()+", must be an object", "an object", event.Any())
	}
	return passed("has "+logoutEvent, memberNames(events))
}

// noNonce refuses "nonce". Otherwise an attacker could use a Logout Token as an ID Token.
func noNonce(q *inquiry) finding {
	v, ok := q.claims.Get("nonce")
	if !ok {
		return passed("is absent", nil)
	}
	return failed(verdict.ClaimMismatch, "is "+phrase.JSON(v)+", but a Logout Token must not have one", nil, v.Any())
}

func memberNames(o jsonobject.Object) []string {
	names := []string{}
	for _, m := range o.Members() {
		names = append(names, m.Name)
	}
	return names
}
