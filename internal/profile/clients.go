package profile

import (
	"net/url"
	"slices"
	"strings"

	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// clientAssertion returns the profile of a client's own token, which authenticates it (RFC 7523 §3,
// OpenID Connect Core 1.0 §9).
func clientAssertion() Profile {
	return Profile{
		Name:  "client-assertion",
		About: "Client authentication (private_key_jwt), RFC 7523",
		rules: rules(
			has("RFC 7523 §3", "iss", "sub", "aud", "exp"),
			has("OpenID Connect Core §9", "jti"),
			oneRule("sub", "RFC 7523 §3", ownSubject),
		),
	}
}

// ownSubject requires the issuer and the subject to be the client.
func ownSubject(q *inquiry) finding {
	iss, ok := q.text("iss")
	if _, has := q.text("sub"); !ok || !has {
		return finding{} // reported as missing
	}
	f := q.same("sub", iss, verdict.SubMismatch)
	if f.status == verdict.Fail {
		f.hint = "iss and sub are both the client ID"
	}
	return f
}

// authorizationResponse returns the profile of an authorization response as a token (JARM).
func authorizationResponse() Profile {
	return Profile{
		Name:  "jarm",
		About: "OAuth 2.0 authorization response, JARM",
		rules: rules(
			has("JARM §2.1", "iss", "aud", "exp"),
			oneRule("code", "JARM §2.1", codeOrError),
			is(aText, "JARM §2.1", "state", "code", "error", "error_description"),
		),
	}
}

// codeOrError requires what the response is about.
func codeOrError(q *inquiry) finding {
	_, hasCode := q.claims.Get("code")
	problem, hasError := q.text("error")
	switch {
	case hasError:
		return passed("not granted: error "+phrase.Quote(problem), problem)
	case !hasCode:
		return failed(verdict.MissingClaim, "missing, and error too: the response grants nothing and refuses nothing", nil, nil)
	}
	return passed("granted", nil)
}

const jwtSVID = "SPIFFE JWT-SVID"

// workload returns the profile of a JWT-SVID, the identity of a workload.
func workload() Profile {
	return Profile{
		Name:  "spiffe",
		About: "SPIFFE JWT-SVID",
		rules: rules(
			oneRule("typ", jwtSVID+" §2.3", workloadType),
			oneRule("alg", jwtSVID+" §2.1", workloadAlg),
			has(jwtSVID+" §3", "sub", "aud", "exp"),
			oneRule("sub", jwtSVID+" §3.1", workloadSubject),
		),
	}
}

func workloadType(q *inquiry) finding {
	v, ok := q.header.Get("typ")
	typ, _ := v.Text()
	if ok && typ != "JWT" && typ != "JOSE" {
		return failed(verdict.TypMismatch, "is "+phrase.JSON(v)+", must be JWT or JOSE, or missing", []string{"JWT", "JOSE"}, v.Any())
	}
	return finding{}
}

// workloadAlg allows RSA and ECDSA on the curves of NIST alone.
func workloadAlg(q *inquiry) finding {
	name, _ := q.header.Text("alg")
	if slices.Contains([]string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"}, name) {
		return finding{}
	}
	return failed(verdict.AlgRefused, "is "+phrase.Quote(name)+", must be RS, PS or ES with 256, 384 or 512", nil, name)
}

// workloadSubject requires a SPIFFE ID: a trust domain and a path.
func workloadSubject(q *inquiry) finding {
	sub, ok := q.text("sub")
	if !ok {
		return finding{}
	}
	u, err := url.Parse(sub)
	if err != nil || u.Scheme != "spiffe" || u.Host == "" || u.Path == "" || u.Path == "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Port() != "" || strings.HasSuffix(u.Path, "/") {
		return failed(verdict.SubMismatch, "is "+phrase.Quote(sub)+", want spiffe://TRUST-DOMAIN/PATH", "spiffe://TRUST-DOMAIN/PATH", sub)
	}
	return passed("is "+phrase.Quote(sub), sub)
}

// digitalCredential returns the profile of SD-JWT VC (draft-ietf-oauth-sd-jwt-vc).
func digitalCredential() Profile {
	const draft = "SD-JWT VC §2.2"
	return Profile{
		Name:  "sd-jwt-vc",
		About: "Verifiable credential, SD-JWT VC",
		rules: rules(
			oneRule("typ", draft, credentialType),
			has(draft, "vct"),
			is(aText, draft, "vct", "iss"),
		),
	}
}

// credentialType accepts the type of the draft and the one that it had before.
func credentialType(q *inquiry) finding {
	typ, _ := q.header.Text("typ")
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "dc+sd-jwt", "vc+sd-jwt":
		return passed("is "+phrase.Quote(typ), typ)
	}
	return failed(verdict.TypMismatch, "is "+phrase.Quote(typ)+", want dc+sd-jwt", "dc+sd-jwt", typ)
}
