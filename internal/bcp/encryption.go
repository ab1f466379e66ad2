package bcp

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/compact"
	"jwt/internal/jwe"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
)

// keyManagement returns alg if the token is a JWE, and "" otherwise.
func (r *inspection) keyManagement() string {
	if r.Kind != compact.JWE {
		return ""
	}
	return r.alg
}

func jweAlgUnknown(r *inspection) []hit {
	if alg := r.keyManagement(); alg != "" && !slices.Contains(jwe.AlgNames(), alg) {
		return oneHit(Header, "alg", "alg is "+phrase.Quote(alg))
	}
	return nil
}

func encMissing(r *inspection) []hit {
	v, _, ok := get(r.Header, "enc")
	switch {
	case r.Kind != compact.JWE:
		return nil
	case !ok:
		return oneHit(Header, "enc", "the header has no enc")
	case v.Kind() != '"':
		return oneHit(Header, "enc", "enc is "+v.Noun()+", not a string")
	}
	return nil
}

func encUnknown(r *inspection) []hit {
	v, enc, _ := get(r.Header, "enc")
	if r.Kind != compact.JWE || v.Kind() != '"' || slices.Contains(jwe.EncNames(), enc) {
		return nil
	}
	return oneHit(Header, "enc", "enc is "+phrase.Quote(enc))
}

func algRSA15(r *inspection) []hit {
	if r.keyManagement() != "RSA1_5" {
		return nil
	}
	return oneHit(Header, "alg", "alg is RSA1_5, whose padding reveals the plaintext if a server answers bad padding differently")
}

// issuerOnly finds the access tokens of Auth0 that were requested without an audience.
func issuerOnly(r *inspection) []hit {
	if !isForIssuer(r) {
		return nil
	}
	return oneHit(Header, "iss", "iss is of Auth0, which encrypts an access token for itself if no audience was requested")
}

// isForIssuer reports whether only the issuer can decrypt the token.
func isForIssuer(r *inspection) bool { return r.Opener() != "" }

func compressed(r *inspection) []hit {
	v, ok := r.Header.Get("zip")
	if !ok || r.Kind != compact.JWE {
		return nil
	}
	text, isText := v.Text()
	switch {
	case !isText:
		return oneHit(Header, "zip", "zip is "+v.Noun()+", must be a string")
	case text != "DEF":
		return oneHit(Header, "zip", "zip is "+phrase.Quote(text)+", which recipients do not know")
	default:
		return oneHit(Header, "zip", "zip is DEF: the size of the token reveals something about its content")
	}
}

// iterations returns p2c of a password-based JWE, at most the largest int.
func (r *inspection) iterations() (int, bool) {
	if !jwe.IsPassword(r.keyManagement()) {
		return 0, false
	}
	v, _ := r.Header.Get("p2c")
	n, err := strconv.Atoi(string(v))
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

func p2cTooLow(r *inspection) []hit {
	if n, ok := r.iterations(); ok && n < jwe.MinP2C {
		return oneHit(Header, "p2c", "p2c is "+strconv.Itoa(n)+", at least "+strconv.Itoa(jwe.MinP2C)+" is required")
	}
	return nil
}

func p2cLow(r *inspection) []hit {
	n, ok := r.iterations()
	if advised := jwe.AdvisedP2C(r.alg); ok && n >= jwe.MinP2C && n < advised {
		return oneHit(Header, "p2c", "p2c is "+strconv.Itoa(n)+", OWASP recommends "+strconv.Itoa(advised)+" for "+r.alg)
	}
	return nil
}

func p2cTooHigh(r *inspection) []hit {
	if n, ok := r.iterations(); ok && n > jwe.MaxP2C {
		return oneHit(Header, "p2c", "p2c is more than "+strconv.Itoa(jwe.MaxP2C)+": seconds of work for each try")
	}
	return nil
}

func directKey(r *inspection) []hit {
	if r.keyManagement() != "dir" || isForIssuer(r) {
		return nil
	}
	return oneHit(Header, "alg", "alg is dir: the shared secret encrypts every token directly")
}

// notSigned finds content that was encrypted with a public key and is not a nested token.
func notSigned(r *inspection) []hit {
	alg := r.keyManagement()
	if !strings.HasPrefix(alg, "RSA") && !strings.HasPrefix(alg, "ECDH-ES") || jwt.MediaType(textOf(r.Header, "cty")) == "jwt" {
		return nil
	}
	return oneHit(Header, "cty", "alg is "+phrase.Quote(alg)+" and cty is not JWT")
}
