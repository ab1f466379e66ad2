// Package redact returns the parts of credentials that may be shown, and of texts that
// may contain credentials: headers, paths of URLs, and server answers that repeat the
// request.
package redact

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
)

// Credential returns the parts of a credential that may be shown: the header and payload
// of a signed token, the header of an encrypted one, and a fingerprint of the rest. Equal
// credentials give equal text, which cannot be used as a credential.
func Credential(credential string) string {
	parts := strings.Split(credential, ".")
	switch {
	case len(parts) == 3 && parts[2] != "" && isObject(parts[0]):
		return parts[0] + "." + parts[1] + "." + Fingerprint(parts[2])
	case len(parts) == 5 && isObject(parts[0]):
		return parts[0] + "." + Fingerprint(strings.Join(parts[1:], "."))
	default:
		return Fingerprint(credential)
	}
}

// Fingerprint returns enough of the SHA-256 of s to distinguish credentials. Use Secrets
// for a secret with little entropy, such as a password, which could be guessed from it.
func Fingerprint(s string) string { return string(AppendFingerprint(nil, []byte(s))) }

// AppendFingerprint appends the fingerprint of s to dst.
func AppendFingerprint(dst, s []byte) []byte {
	sum := sha256.Sum256(s)
	return hex.AppendEncode(append(dst, "sha256:"...), sum[:6])
}

func isObject(segment string) bool {
	b, err := base64url.Decode(segment)
	if err != nil {
		return false
	}
	_, err = jsonobject.Parse(b)
	return err == nil
}

// Tokens returns a text with its signed and encrypted tokens redacted. In JSON, use Value.
func Tokens(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="
	var b strings.Builder
	for text != "" {
		rest := strings.TrimLeft(text, alphabet)
		run := text[:len(text)-len(rest)]
		at := beginOf(run)
		token := strings.TrimRight(run[at:], ".")
		b.WriteString(run[:at])
		if strings.Count(token, ".") >= 2 {
			b.WriteString(Credential(token))
		} else {
			b.WriteString(token)
		}
		b.WriteString(run[at+len(token):])
		next := strings.IndexAny(rest, alphabet)
		if next < 0 {
			next = len(rest)
		}
		b.WriteString(rest[:next])
		text = rest[next:]
	}
	return b.String()
}

// beginOf returns where a token begins in a text of its alphabet, or the end of the text.
func beginOf(run string) int {
	switch {
	case strings.Count(run, ".") < 2:
		return len(run)
	case beginsWithObject(run): // also after white space, which is in Base64, too
		return 0
	}
	const most = 16 // headers to read; a text with more candidates is redacted from there
	tried := 0
	for at := range run {
		switch rest := run[at:]; {
		case strings.HasPrefix(rest, "eyJ"): // {" in Base64
			return at
		case strings.HasPrefix(rest, "ey"), strings.HasPrefix(rest, "ew"): // { and white space
			if tried++; tried > most || beginsWithObject(rest) {
				return at
			}
		}
	}
	return len(run)
}

func beginsWithObject(text string) bool {
	header, _, ok := strings.Cut(text, ".")
	return ok && isObject(header)
}

// Value returns a JSON value with the tokens in its texts and names redacted. It decodes them
// first: an escape may hide a part of a token, and the end of one, as of \u000e, may look like the
// begin of a token.
func Value(v jsonobject.Value) jsonobject.Value {
	switch v.Kind() {
	case '"':
		text, _ := v.Text()
		if safe := Tokens(text); safe != text {
			return jsonobject.Quote(safe)
		}
	case '[':
		elements, _ := v.Elements()
		safe := []byte{'['}
		for i, e := range elements {
			if i > 0 {
				safe = append(safe, ',')
			}
			safe = append(safe, Value(e)...)
		}
		return append(safe, ']')
	case '{':
		members, _ := v.Members()
		for i, m := range members {
			members[i] = jsonobject.Member{Name: Tokens(m.Name), Value: Value(m.Value)}
		}
		return jsonobject.Join(members)
	}
	return v
}
