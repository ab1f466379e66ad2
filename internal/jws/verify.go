package jws

import (
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// A Verified is a token whose signature one of the caller's keys made. Verify
// alone makes one; the zero Verified holds nothing.
type Verified struct {
	token Token
	key   jwk.Key
	alg   jwa.Algorithm
}

// Token returns the token that was verified.
func (v Verified) Token() Token { return v.token }

// Payload returns the bytes that were signed.
func (v Verified) Payload() []byte { return v.token.Payload }

// Key returns the key under which the signature verified.
func (v Verified) Key() jwk.Key { return v.key }

// Alg returns the algorithm of that key that was used.
func (v Verified) Alg() jwa.Algorithm { return v.alg }

// Verify checks the token against the keys, in the order header, alg, crit, key,
// signature, and stops at the first that fails. The keys, and algs where it is
// not empty, say which algorithms are acceptable; the token only says which of
// them it claims. The checks tell what was looked at, the failed one last but
// for warnings, and err is that of the failed one.
func (t Token) Verify(keys []jwk.Key, algs []string) (Verified, []verdict.Check, error) {
	r := report{}
	var alg jwa.Algorithm
	var fit []jwk.Key
	var v Verified
	err := r.first(
		step{"header", func() (verdict.Check, error) { return t.checkHeader() }},
		step{"alg", func() (c verdict.Check, err error) { alg, c, err = t.checkAlg(algs); return c, err }},
		step{"crit", func() (verdict.Check, error) { return t.checkCrit() }},
		step{"key", func() (c verdict.Check, err error) { fit, c, err = t.chooseKeys(keys, alg); return c, err }},
		step{"signature", func() (c verdict.Check, err error) { v, c, err = t.tryKeys(fit, alg); return c, err }},
	)
	r.checks = append(r.checks, t.embeddedKeys()...)
	if err != nil {
		return Verified{}, r.checks, err
	}
	r.checks = append(r.checks, weakness(v)...)
	return v, r.checks, nil
}

type step struct {
	name string
	run  func() (verdict.Check, error)
}

type report struct{ checks []verdict.Check }

// first runs the steps up to the first that fails.
func (r *report) first(steps ...step) error {
	for _, s := range steps {
		c, err := s.run()
		if err != nil {
			failed := verdict.Failed(s.name, err)
			failed.Expected, failed.Actual = c.Expected, c.Actual
			r.checks = append(r.checks, failed)
			return err
		}
		if c.Status != "" {
			c.Name = s.name
			r.checks = append(r.checks, c)
		}
	}
	return nil
}

func (t Token) checkHeader() (verdict.Check, error) {
	if d := t.Header.Duplicates(); len(d) > 0 {
		return verdict.Check{}, verdict.Errorf(verdict.DuplicateMember,
			"the header has %s more than once: parsers disagree on which counts", strings.Join(d, ", "))
	}
	return verdict.Check{Status: verdict.Pass}, nil
}

func (t Token) checkAlg(algs []string) (jwa.Algorithm, verdict.Check, error) {
	v, ok := t.Header.Get("alg")
	if !ok {
		return jwa.Algorithm{}, verdict.Check{}, verdict.Errorf(verdict.AlgRefused, "alg: the header has none")
	}
	name, ok := v.Text()
	if !ok {
		return jwa.Algorithm{}, verdict.Check{}, verdict.Errorf(verdict.AlgRefused, "alg: is %s, must be a string", article(v.KindName()))
	}
	c := verdict.Check{Status: verdict.Pass, Actual: name}
	if len(algs) > 0 {
		c.Expected = algs
	}
	if strings.EqualFold(name, jwa.None) {
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: %q means no signature, which never verifies (RFC 8725 §3.2)", name)
	}
	alg, ok := jwa.Lookup(name)
	if !ok {
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: %q is not a signature algorithm this program knows", name)
	}
	if len(algs) > 0 && !slices.Contains(algs, name) {
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: is %s, only %s allowed by --alg", name, strings.Join(algs, ", "))
	}
	return alg, c, nil
}

// checkCrit refuses every critical extension (RFC 7515 §4.1.11): none is
// implemented, b64 of RFC 7797 included, which §7 there forbids in a JWT.
func (t Token) checkCrit() (verdict.Check, error) {
	if v, ok := t.Header.Get("b64"); ok && v.Kind() != 't' {
		return verdict.Check{}, verdict.Errorf(verdict.CritUnsupported, "b64: unencoded payloads (RFC 7797) are not supported")
	}
	v, ok := t.Header.Get("crit")
	if !ok {
		return verdict.Check{}, nil
	}
	names, ok := v.Texts()
	if !ok || len(names) == 0 {
		return verdict.Check{}, verdict.Errorf(verdict.Malformed, "crit: must be an array of header names and not empty (RFC 7515 §4.1.11)")
	}
	return verdict.Check{Actual: names}, verdict.Errorf(verdict.CritUnsupported,
		"crit: %q must be understood and is not (RFC 7515 §4.1.11)", names)
}

// chooseKeys returns the keys that may have signed the token: the kid chooses in
// a set, and of those the ones that fit the algorithm are left.
func (t Token) chooseKeys(keys []jwk.Key, alg jwa.Algorithm) ([]jwk.Key, verdict.Check, error) {
	kid, hasKid, err := t.KeyID()
	if err != nil {
		return nil, verdict.Check{}, err
	}
	c := verdict.Check{Status: verdict.Pass}
	if hasKid {
		c.Expected = kid
	}
	var named []jwk.Key
	for _, k := range keys {
		if !hasKid || !k.InSet || (k.HasID && k.ID == kid) {
			named = append(named, k)
		}
	}
	if len(named) == 0 {
		if len(keys) == 0 || !hasKid {
			return nil, c, verdict.Errorf(verdict.KeyNotFound, "the key set is empty")
		}
		c.Actual = keyIDs(keys)
		return nil, c, verdict.Errorf(verdict.KeyNotFound, "no key has kid %q; the set has %s", kid, listed(keyIDs(keys)))
	}
	var fit []jwk.Key
	var refused error
	for _, k := range named {
		if err := k.Fits(alg, jwk.OpVerify); err == nil {
			fit = append(fit, k)
		} else if refused == nil {
			refused = err
		}
	}
	if len(fit) == 0 {
		return nil, c, refused
	}
	return fit, c, nil
}

func (t Token) tryKeys(keys []jwk.Key, alg jwa.Algorithm) (Verified, verdict.Check, error) {
	input := t.SigningInput()
	for _, k := range keys {
		if alg.Verify(input, t.Signature, k.VerificationMaterial()) == nil {
			return Verified{token: t, key: k, alg: alg}, verdict.Check{Status: verdict.Pass, Detail: alg.Name}, nil
		}
	}
	c := verdict.Check{}
	switch {
	case len(t.Signature) == 0:
		return Verified{}, c, verdict.Errorf(verdict.SignatureInvalid, "the signature is empty")
	case len(keys) > 1:
		return Verified{}, c, verdict.Errorf(verdict.SignatureInvalid, "the signature verifies under none of the %d keys that fit %s", len(keys), alg.Name)
	default:
		return Verified{}, c, verdict.Errorf(verdict.SignatureInvalid, "the signature does not verify under this key")
	}
}

// embeddedKeys warns of header members that offer a key: anyone can put one
// there, so it is never used (RFC 8725 §3.10).
func (t Token) embeddedKeys() []verdict.Check {
	var found []string
	for _, name := range []string{"jwk", "jku", "x5u", "x5c"} {
		if _, ok := t.Header.Get(name); ok {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return []verdict.Check{{
		Name: "embedded_key", Status: verdict.Warn, Class: verdict.EmbeddedKey, Actual: found,
		Detail: "the header's " + strings.Join(found, ", ") + " was ignored: keys come from you, never from the token",
	}}
}

func weakness(v Verified) []verdict.Check {
	secret, ok := v.key.Material().([]byte)
	if !ok || len(secret) >= v.alg.MinKeyBytes {
		return nil
	}
	return []verdict.Check{{
		Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey,
		Expected: v.alg.MinKeyBytes, Actual: len(secret),
		Detail: "the secret is shorter than the hash of " + v.alg.Name + " (RFC 7518 §3.2)",
	}}
}

func keyIDs(keys []jwk.Key) []string {
	ids := []string{}
	for _, k := range keys {
		if k.HasID {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// listed shows a few names of what may be a long list.
func listed(names []string) string {
	const shown = 5
	if len(names) == 0 {
		return "no kid at all"
	}
	quoted := make([]string, 0, shown)
	for _, n := range names[:min(shown, len(names))] {
		quoted = append(quoted, string(jsonobject.Quote(n)))
	}
	s := strings.Join(quoted, ", ")
	if len(names) > shown {
		s += ", …"
	}
	return s
}
