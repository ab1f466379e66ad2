package profile

import (
	"crypto"
	"crypto/sha256"
	_ "crypto/sha512" // crypto.SHA512, linked in
	"net/url"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jws"
	"jwt/internal/jwt"
)

// LeftHalf returns the left half of the hash of an ASCII text, with the hash of the
// algorithm (OpenID Connect Core §3.1.3.6). For Ed25519, which hashes internally, it uses
// SHA-512, as implementations do. hashed is false if there is no such convention.
func LeftHalf(alg jwa.Algorithm, curve, text string) (half string, hashed bool) {
	hash := alg.Hash
	if curve == "Ed25519" {
		hash = crypto.SHA512
	}
	if hash == 0 || !hash.Available() {
		return "", false
	}
	h := hash.New()
	h.Write([]byte(text))
	sum := h.Sum(nil)
	return base64url.Encode(sum[:len(sum)/2]), true
}

// AccessTokenHash returns the "ath" of a proof that goes with an access token (RFC 9449 §4.2).
func AccessTokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64url.Encode(sum[:])
}

// claimsUnverified returns the claims of a signed token for comparison only, and false
// for other text.
func claimsUnverified(token string) (jsonobject.Object, bool) {
	t, err := jws.Parse(token)
	if err != nil {
		return jsonobject.Object{}, false
	}
	o, err := jwt.ParseClaims(t.Payload)
	return o, err == nil && len(o.Duplicates()) == 0
}

// NormalizeTarget returns an http or https URI in the form for comparing "htu": without
// query and fragment (RFC 9449 §4.3), normalized by syntax and scheme (RFC 3986 §6.2.2
// and §6.2.3). ok is false for any other text.
func NormalizeTarget(s string) (normal string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.User != nil || u.Hostname() == "" {
		return "", false
	}
	host, defaultPort := strings.ToLower(u.Host), ""
	switch u.Scheme { // lower case
	case "http":
		defaultPort = ":80"
	case "https":
		defaultPort = ":443"
	default:
		return "", false
	}
	host = strings.TrimSuffix(strings.TrimSuffix(host, defaultPort), ":")
	return u.Scheme + "://" + host + withoutDots(normalEscapes(u.EscapedPath())), true
}

// normalEscapes decodes unreserved characters and writes all other escapes with
// upper-case digits (RFC 3986 §6.2.2.1 and §6.2.2.2). The escapes of path are valid.
func normalEscapes(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			b.WriteByte(path[i])
			continue
		}
		escape := strings.ToUpper(path[i : i+3])
		if plain, err := url.PathUnescape(escape); err == nil && isUnreserved(plain[0]) {
			escape = plain
		}
		b.WriteString(escape)
		i += 2
	}
	return b.String()
}

// isUnreserved reports whether c is an unreserved character of RFC 3986 §2.3.
func isUnreserved(c byte) bool {
	return base64url.Is(c) || c == '.' || c == '~'
}

// withoutDots removes "." and ".." segments (RFC 3986 §5.2.4); an empty path is "/".
func withoutDots(path string) string {
	var kept []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		case ".":
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
