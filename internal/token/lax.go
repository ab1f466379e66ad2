package token

import (
	"errors"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/verdict"
)

// repair reads claims with half of a surrogate pair, to show them.
func (t *Token) repair() {
	if verdict.ClassOf(t.ClaimsErr) != verdict.ClaimsMalformed {
		return
	}
	payload, found := jsonobject.ReplaceLoneSurrogates(t.Payload)
	if !found {
		return
	}
	if claims, err := jwt.ParseClaims(payload); err == nil {
		t.Claims, t.ClaimsErr = claims, nil
		t.Flaws = append(t.Flaws, jws.Flaw{Part: "payload", Faults: []base64url.Fault{jws.LoneSurrogate}})
	}
}

// Deflated reports whether the payload of a signed token is compressed, as in a SMART
// Health Card.
func (t *Token) Deflated() bool {
	zip, _ := t.Header.Text("zip")
	return t.Kind == compact.JWS && zip == "DEF" && !t.HasClaims()
}

// Inflate decompresses the payload, to show it. It returns limit_exceeded for more than
// limit bytes.
func (t *Token) Inflate(limit int) error {
	payload, err := jwe.Inflate(t.Payload, limit)
	if err != nil {
		return err
	}
	t.Payload, t.inflated = payload, true
	t.Claims, t.ClaimsErr = jwt.ParseClaims(payload)
	return nil
}

// Opener says who alone can decrypt a token that Auth0 made for itself, or returns "".
func (t *Token) Opener() string {
	if !t.IsSealed() {
		return ""
	}
	alg, _ := t.Header.Text("alg")
	iss, _ := t.Header.Text("iss")
	host, ok := strings.CutPrefix(iss, "https://")
	host, _, _ = strings.Cut(host, "/")
	if !ok || alg != "dir" || !strings.HasSuffix(host, ".auth0.com") {
		return ""
	}
	return "Auth0 encrypted it for itself, because the login named no API: Auth0 alone can open it; a login with audience=API gives a JWT"
}

// flawWarnings says what only OpenLax accepts.
func (t *Token) flawWarnings() []verdict.Check {
	var warnings []verdict.Check
	for _, f := range t.Flaws {
		var faults []string
		for _, fault := range f.Faults {
			faults = append(faults, string(fault))
		}
		detail := "the " + f.Part + " is not encoded as a token's (" + strings.Join(faults, ", ") + "), jwt verify refuses it"
		warnings = append(warnings, verdict.Check{Class: verdict.Malformed, Detail: detail})
	}
	if len(t.Flaws) > 0 && t.isOfLoadBalancer() {
		warnings = append(warnings, verdict.Check{Class: verdict.Malformed, Detail: "AWS load balancers pad the tokens that they sign (x-amzn-oidc-data): to verify one, use a library that keeps the padding"})
	}
	return warnings
}

func (t *Token) isOfLoadBalancer() bool {
	signer, _ := t.Header.Text("signer")
	return strings.HasPrefix(signer, "arn:aws") && strings.Contains(signer, ":elasticloadbalancing:")
}

// explain says so if the token decrypts under a key that NextAuth derives from one of the secrets.
func (t *Token) explain(err error, keys []jwk.Key, o jwe.Options) error {
	var e *verdict.Error
	if !errors.As(err, &e) || !t.IsOfNextAuth() {
		return err
	}
	for _, k := range keys {
		secret, ok := k.Material().([]byte)
		if !ok {
			continue
		}
		derived, deriveErr := jwe.NextAuthKeys(secret)
		if deriveErr != nil {
			continue
		}
		if _, openErr := t.Encrypted.Decrypt(derived, o); openErr == nil {
			return verdict.Errorf(e.Class, "%s: it decrypts under the key that NextAuth derives from %s", e.Message, k.Source).
				Hintf("--secret nextauth:SOURCE derives it")
		}
	}
	if e.Class != verdict.KeyMismatch {
		return err
	}
	own := *e
	return own.Hintf("NextAuth and Auth.js derive their key from the secret: --secret nextauth:SOURCE; %s", own.Hint)
}

// IsOfNextAuth reports whether the header has only what NextAuth writes.
func (t *Token) IsOfNextAuth() bool {
	alg, _ := t.Header.Text("alg")
	enc, _ := t.Header.Text("enc")
	_, named := t.Header.Get("kid")
	n := len(t.Header.Members())
	return alg == "dir" && (enc == "A256GCM" && n == 2 || enc == "A256CBC-HS512" && (n == 2 || n == 3 && named))
}
