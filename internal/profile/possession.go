package profile

import (
	"strings"
	"time"

	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// defaultWindow is the default distance of the "iat" of a proof or a presentation from now. RFC
// 9449 §11.1 leaves it to the server: seconds or minutes.
const defaultWindow = 5 * time.Minute

// dpopProof returns the profile of RFC 9449 §4.2 and §4.3. The sections name the numbered
// checks of §4.3. Checks 5 to 7 (a public, asymmetric key) precede the claims. Check 1
// and the replay of jti (§11.1) need the HTTP requests and are not made.
func dpopProof() Profile {
	return Profile{
		Name:   "dpop+jwt",
		About:  "DPoP proof, RFC 9449",
		OwnKey: "RFC 9449 §4.3 item 6",
		rules: rules(
			[]rule{hasType("dpop+jwt", "RFC 9449 §4.3 item 4", false)},
			has("RFC 9449 §4.2", "jti", "htm", "htu", "iat"),
			oneRule("htm", "RFC 9449 §4.3 item 8", method),
			oneRule("htu", "RFC 9449 §4.3 item 9", targetURI),
			is(aText, "RFC 9449 §4.3 item 10", "nonce"),
			oneRule("iat", "RFC 9449 §4.3 item 11", func(q *inquiry) finding { return window(q, q.proofWindow()) }),
			oneRule("ath", "RFC 9449 §4.3 item 12", accessTokenHash),
			oneRule("cnf", "RFC 9449 §4.3 item 12", boundToKey),
			oneRule("jkt", "RFC 9449 §6.1", wantedThumbprint),
		),
	}
}

// credentialProof returns the profile of a proof of possession for a credential issuer
// (OpenID4VCI 1.0 Appendix F.1) whose key is in its header as a jwk.
func credentialProof() Profile {
	return Profile{
		Name:   "openid4vci-proof+jwt",
		About:  "key proof, OpenID4VCI 1.0",
		OwnKey: "OpenID4VCI 1.0 Appendix F.1",
		rules: rules(
			[]rule{hasType("openid4vci-proof+jwt", "OpenID4VCI 1.0 Appendix F.1", false)},
			has("OpenID4VCI 1.0 Appendix F.1", "aud", "iat"),
			oneRule("aud", "OpenID4VCI 1.0 Appendix F.1", bindingAudience),
			oneRule("nonce", "OpenID4VCI 1.0 Appendix F.1", bindingNonce),
			oneRule("iat", "OpenID4VCI 1.0 Appendix F.1", bindingAge),
			oneRule("jkt", "RFC 7638", wantedThumbprint),
		),
	}
}

// method compares the HTTP method, which is case-sensitive (RFC 9110 §9.1).
func method(q *inquiry) finding {
	return q.compared("htm", q.with.Method, "--htm METHOD", verdict.ClaimMismatch)
}

// compared compares a claim with the text that the caller expects. It skips the check if
// the caller expects none; the hint says how to pass it.
func (q *inquiry) compared(name string, want *string, hint string, mismatch verdict.Class) finding {
	v, ok := q.claims.Get(name)
	got, isText := v.Text()
	switch {
	case !ok:
		return finding{}
	case !isText:
		return wrongKind(v, "a string")
	case want == nil:
		return skipped("is " + phrase.Quote(got) + ", not compared with anything").hinted(hint)
	}
	return q.same(name, *want, mismatch)
}

// targetURI compares the URI of the request without query and fragment, in the normal
// form of RFC 3986 §6.2.2 and §6.2.3.
func targetURI(q *inquiry) finding {
	v, ok := q.claims.Get("htu")
	got, isText := v.Text()
	switch {
	case !ok:
		return finding{}
	case !isText:
		return wrongKind(v, "a string")
	}
	had, valid := NormalizeTarget(got)
	if !valid {
		return failed(verdict.ClaimsMalformed, "is "+phrase.Quote(got)+", must be an http or https URI", "a URI", got)
	}
	if q.with.URI == nil {
		return skipped("is " + phrase.Quote(got) + ", not compared with anything").hinted("--htu URI")
	}
	want, _ := NormalizeTarget(*q.with.URI)
	if had != want {
		f := failed(verdict.ClaimMismatch, "is "+phrase.Quote(got)+", want "+phrase.Quote(want), want, got)
		if pathOf(had) == pathOf(want) {
			return f.hinted("the client signs the URL that it calls: behind a proxy pass that public URL, not the one of the request that arrives: --htu https://PUBLIC/PATH")
		}
		return f
	}
	return finding{status: verdict.Pass, detail: "is " + phrase.Quote(got), expected: want, actual: got}
}

// pathOf returns the path of a URL in the form of NormalizeTarget.
func pathOf(target string) string {
	_, rest, _ := strings.Cut(target, "://")
	_, path, _ := strings.Cut(rest, "/")
	return path
}

func (q *inquiry) proofWindow() time.Duration {
	if q.with.MaxAge != nil {
		return *q.with.MaxAge
	}
	return defaultWindow
}

// window requires "iat" to be at most d before or after now.
func window(q *inquiry, d time.Duration) finding {
	v, _ := q.claims.Get("iat")
	date, ok := jwt.ParseNumericDate(v)
	if !ok {
		return finding{}
	}
	stamp, when := date.Stamp(q.with.Location), date.When(q.now, q.with.Location)
	want := "within " + reltime.Typed(d)
	span := d + q.with.Leeway
	switch {
	case date.Compare(q.now.Add(-span)) < 0:
		return failed(verdict.TooOld, "issued "+when+", want at most "+reltime.Typed(d)+" ago", want, stamp).
			hinted("--max-age D allows more, --at TIME checks as of then")
	case date.Compare(q.now.Add(span)) > 0:
		return failed(verdict.NotYetValid, "issued in the future, "+when+", want at most "+reltime.Typed(d)+" from now", want, stamp).
			hinted("--leeway D if clocks differ, --at TIME checks as of then")
	}
	return finding{status: verdict.Pass, detail: "issued " + when + ", " + want, expected: want, actual: stamp}
}

func accessTokenHash(q *inquiry) finding {
	_, ok := q.claims.Get("ath")
	switch {
	case q.with.AccessToken != nil:
		return q.same("ath", AccessTokenHash(*q.with.AccessToken), verdict.ClaimMismatch)
	case ok:
		return skipped("is there, but nothing was given to compare it with").hinted("--access-token SOURCE")
	}
	return finding{}
}

// boundToKey compares the key of the proof with the key that the access token is bound
// to, if the access token is a JWT. It does not verify the access token.
func boundToKey(q *inquiry) finding {
	if q.with.AccessToken == nil {
		return finding{}
	}
	claims, ok := claimsUnverified(*q.with.AccessToken)
	if !ok {
		return skipped("the access token is opaque: its issuer knows what key it is bound to").hinted("--jkt THUMBPRINT")
	}
	v, ok := claims.Lookup("cnf.jkt")
	bound, isText := v.Text()
	switch want := q.with.Thumbprint; {
	case !ok:
		return failed(verdict.MissingClaim, "the access token has no cnf.jkt: it is not bound to a key", want, nil)
	case !isText || bound != want:
		return failed(verdict.ClaimMismatch, "the access token is bound to the key "+phrase.JSON(v)+", this one is "+phrase.Quote(want), want, v.Any())
	default:
		return passed("the access token is bound to this key", bound)
	}
}

func wantedThumbprint(q *inquiry) finding {
	want, got := q.with.KeyThumbprint, q.with.Thumbprint
	switch {
	case want == nil:
		return finding{}
	case *want != got:
		return failed(verdict.ClaimMismatch, "the key's thumbprint is "+phrase.Quote(got)+", want "+phrase.Quote(*want), *want, got)
	}
	return passed("the key's thumbprint is "+phrase.Quote(got), got)
}

// KeyBinding returns the profile of the Key Binding JWT at the end of an SD-JWT+KB (RFC
// 9901 §4.3 and §7.3). It cannot be chosen by name, because such a token never comes
// alone.
func KeyBinding() Profile {
	return Profile{
		Name:  "kb+jwt",
		About: "Key Binding JWT, RFC 9901",
		group: "key_binding",
		rules: rules(
			[]rule{hasType("kb+jwt", "RFC 9901 §4.3", false)},
			has("RFC 9901 §4.3", "iat", "aud", "nonce", "sd_hash"),
			oneRule("aud", "RFC 9901 §7.3", bindingAudience),
			oneRule("nonce", "RFC 9901 §7.3", bindingNonce),
			oneRule("iat", "RFC 9901 §7.3", bindingAge),
			oneRule("sd_hash", "RFC 9901 §7.3", func(q *inquiry) finding {
				v, ok := q.claims.Get("sd_hash")
				if !ok || q.with.Digest == nil {
					return finding{}
				}
				if got, ok := v.Text(); !ok || got != *q.with.Digest {
					return failed(verdict.ClaimMismatch, "is "+phrase.JSON(v)+", the SD-JWT before it has "+phrase.Quote(*q.with.Digest), *q.with.Digest, v.Any())
				}
				return passed("is that of the SD-JWT before it", *q.with.Digest)
			}),
		),
	}
}

// bindingAudience compares "aud", which must be one string (RFC 9901 §4.3).
func bindingAudience(q *inquiry) finding {
	v, ok := q.claims.Get("aud")
	got, isText := v.Text()
	wanted := q.with.Audiences
	switch {
	case !ok:
		return finding{}
	case !isText:
		return wrongKind(v, "a string")
	case len(wanted) == 0:
		return finding{
			status: verdict.Warn, class: verdict.AudUnchecked, actual: got,
			detail: "is " + phrase.Quote(got) + ", not compared with anything", hint: "--aud NAME",
		}
	}
	for _, want := range wanted {
		if want == got {
			return finding{status: verdict.Pass, detail: "is " + phrase.Quote(got), expected: jwt.OneOrAll(wanted), actual: got}
		}
	}
	return failed(verdict.AudMismatch, "is "+phrase.Quote(got)+", want "+phrase.Or(wanted), jwt.OneOrAll(wanted), got)
}

// bindingNonce compares "nonce". Without a nonce to compare it warns, because a presentation
// that was made for somebody else could be replayed.
func bindingNonce(q *inquiry) finding {
	f := q.compared("nonce", q.with.Nonce, "--nonce VALUE", verdict.NonceMismatch)
	if f.status == verdict.Skip {
		f.status, f.class = verdict.Warn, verdict.NonceUnchecked
	}
	return f
}

// bindingAge requires the presentation to be made within the window, and warns if that is in
// the future.
func bindingAge(q *inquiry) finding {
	f := window(q, q.proofWindow())
	v, _ := q.claims.Get("iat")
	date, _ := jwt.ParseNumericDate(v)
	if f.status == verdict.Pass && date.Compare(q.now.Add(q.with.Leeway)) > 0 {
		f.status, f.class = verdict.Warn, verdict.IssuedInFuture
		f.detail = "issued in the future, " + date.When(q.now, q.with.Location)
	}
	return f
}
