package flow

import (
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/jwt"
)

// A forgery is an invalid token that a server must refuse.
type forgery struct{ text, how string }

// tampered returns the access token with another payload, with another signature, and
// without a signature. An opaque token gets another character.
func tampered(token string) []forgery {
	t, err := jws.Parse(token)
	if err != nil {
		return []forgery{{flipped(token), "with a character changed"}}
	}
	header, payload, signature := t.Segments()[0], t.Segments()[1], t.Segments()[2]
	return []forgery{
		{header + "." + longer(t.Payload, payload) + "." + signature, "with another payload"},
		{header + "." + payload + "." + flipped(signature), "with another signature"},
		{header + "." + payload + ".", "without its signature"},
	}
}

// unsigned returns the access token without a signature (RFC 8725 §3.2), with spellings
// of alg that a lax comparison accepts. It returns none for an opaque token.
func unsigned(token string) []forgery {
	t, err := jws.Parse(token)
	if err != nil {
		return nil
	}
	var all []forgery
	for _, alg := range []string{"none", "nOnE"} {
		header, err := jsonobject.Parse(t.Header.Bytes())
		if err != nil {
			return nil
		}
		header.Set("alg", jsonobject.Quote(alg))
		all = append(all, forgery{base64url.Encode(header.Bytes()) + "." + t.Segments()[1] + ".", "with alg " + alg})
	}
	return all
}

// longer returns a payload segment with a lifetime that is an hour longer, or with
// another character if it is not a JSON object.
func longer(payload []byte, segment string) string {
	claims, err := jwt.ParseClaims(payload)
	if err != nil {
		return flipped(segment)
	}
	claims, err = jsonobject.Parse(claims.Bytes()) // a copy: Set changes in place
	if err != nil {
		return flipped(segment)
	}
	exp := time.Unix(1<<32, 0)
	if v, ok := claims.Get("exp"); ok {
		if d, ok := jwt.ParseNumericDate(v); ok {
			if t, ok := d.Time(); ok {
				exp = t.Add(time.Hour)
			}
		}
	}
	claims.Set("exp", jsonobject.Int(exp.Unix()))
	return base64url.Encode(claims.Bytes())
}

// flipped changes one character in the middle, all bits of which are significant.
func flipped(s string) string {
	if s == "" {
		return "A"
	}
	b := []byte(s)
	i := len(b) / 2
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}

func isJWT(token string) bool {
	_, err := jws.Parse(token)
	return err == nil
}

func hasExp(token string) bool {
	t, err := jws.Parse(token)
	if err != nil {
		return false
	}
	claims, err := jwt.ParseClaims(t.Payload)
	if err != nil {
		return false
	}
	_, ok := claims.Get("exp")
	return ok
}
