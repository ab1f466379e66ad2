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

// Alg returns the algorithm of that key that was used, on the key's curve.
func (v Verified) Alg() jwa.Algorithm { return v.alg }

// Verify checks the token against the keys, in the order header, alg, crit, key,
// signature, and stops at the first that fails. The keys, and algs where it is
// not empty, say which algorithms are acceptable; the token only says which of
// them it claims. The checks tell what was looked at, the failed one last, and err
// is that of the failed one.
func (t Token) Verify(keys []jwk.Key, algs []string) (Verified, []verdict.Check, error) {
	return t.verify(keys, algs, "jwk", "jku", "x5u", "x5c")
}

// verify is Verify; ignored are the header members that offer a key and are not one.
func (t Token) verify(keys []jwk.Key, algs []string, ignored ...string) (Verified, []verdict.Check, error) {
	r := report{checks: make([]verdict.Check, 0, 6)}
	var alg jwa.Algorithm
	var fit []jwk.Key
	var v Verified
	err := r.first(
		step{"header", t.checkHeader},
		step{"embedded_key", func() (verdict.Check, error) { return t.checkEmbeddedKeys(ignored), nil }},
		step{"alg", func() (c verdict.Check, err error) { alg, c, err = t.checkAlg(keys, algs); return c, err }},
		step{"crit", t.checkCrit},
		step{"key", func() (c verdict.Check, err error) { fit, c, err = t.chooseKeys(keys, alg); return c, err }},
		step{"signature", func() (c verdict.Check, err error) { v, c, err = t.tryKeys(fit, alg); return c, err }},
	)
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

// checkHeader refuses a header that two parsers could read differently.
func (t Token) checkHeader() (verdict.Check, error) {
	if t.misspelled {
		return verdict.Check{}, verdict.Errorf(verdict.Malformed, "the token is not spelled in base64url throughout (RFC 7515 §2)")
	}
	if d := t.Header.Duplicates(); len(d) > 0 {
		return verdict.Check{Actual: d}, verdict.Errorf(verdict.DuplicateMember,
			"the header has %s more than once: parsers disagree on which counts", listed(d))
	}
	if _, _, err := t.KeyID(); err != nil {
		return verdict.Check{}, err
	}
	return verdict.Check{Status: verdict.Pass, Detail: "a JSON object, no name twice"}, nil
}

// checkAlg looks the header's alg up among what the keys and algs accept. That
// it fits the very key the token names is chooseKeys' to say.
func (t Token) checkAlg(keys []jwk.Key, algs []string) (jwa.Algorithm, verdict.Check, error) {
	accepted := acceptedAlgs(keys, algs)
	c := verdict.Check{Expected: accepted}
	v, ok := t.Header.Get("alg")
	if !ok {
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: the header has none%s", wanted(accepted))
	}
	name, ok := v.Text()
	if !ok {
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: is %s, must be a string (RFC 7515 §4.1.1)", v.Noun())
	}
	c.Actual = name
	if strings.EqualFold(name, jwa.None) {
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: is %s: no signature, which never verifies (RFC 8725 §3.2)", quote(name))
	}
	alg, ok := jwa.Lookup(name)
	if !ok {
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: is %s, no signature algorithm known here%s", quote(name), wanted(accepted))
	}
	if len(algs) > 0 && !slices.Contains(algs, name) {
		c.Expected = algs
		return jwa.Algorithm{}, c, verdict.Errorf(verdict.AlgRefused, "alg: is %s, --alg takes %s alone", name, strings.Join(algs, ", "))
	}
	if !slices.Contains(accepted, name) {
		c.Expected = nil // no key takes it: the key check says so
	}
	c.Status = verdict.Pass
	return alg, c, nil
}

// acceptedAlgs returns what at least one of the keys may verify, within algs
// where they narrow it.
func acceptedAlgs(keys []jwk.Key, algs []string) []string {
	names := []string{}
	for _, a := range jwa.All() {
		if len(algs) > 0 && !slices.Contains(algs, a.Name) {
			continue
		}
		if slices.ContainsFunc(keys, func(k jwk.Key) bool { return verifies(k, a) }) {
			names = append(names, a.Name)
		}
	}
	return names
}

// verifies is Fits without the words of why not.
func verifies(k jwk.Key, a jwa.Algorithm) bool {
	return a.Takes(k.Type, k.Curve) && k.Fits(a, jwk.OpVerify) == nil
}

func wanted(algs []string) string {
	switch len(algs) {
	case 0:
		return ""
	case 1:
		return ", want " + algs[0]
	default:
		return ", want one of " + strings.Join(algs, ", ")
	}
}

// checkCrit refuses every critical extension (RFC 7515 §4.1.11): none is
// implemented, b64 of RFC 7797 included, which §7 there forbids in a JWT.
func (t Token) checkCrit() (verdict.Check, error) {
	if v, ok := t.Header.Get("b64"); ok && v.Kind() != 't' {
		return verdict.Check{}, verdict.Errorf(verdict.CritUnsupported, "b64: is %s, and unencoded payloads (RFC 7797) are not supported", clip(string(v)))
	}
	v, ok := t.Header.Get("crit")
	if !ok {
		return verdict.Check{}, nil
	}
	names, ok := v.Texts()
	if !ok || len(names) == 0 {
		return verdict.Check{}, verdict.Errorf(verdict.Malformed, "crit: must be an array of header names and not empty (RFC 7515 §4.1.11)")
	}
	c := verdict.Check{Actual: names}
	for i, name := range names {
		switch {
		case slices.Contains(registered, name):
			return c, verdict.Errorf(verdict.Malformed, "crit: lists %q, which every implementation knows and none may list (RFC 7515 §4.1.11)", name)
		case slices.Contains(names[:i], name):
			return c, verdict.Errorf(verdict.Malformed, "crit: lists %s twice (RFC 7515 §4.1.11)", quote(name))
		}
	}
	return c, verdict.Errorf(verdict.CritUnsupported, "crit: %s must be understood and is not (RFC 7515 §4.1.11)", listed(names))
}

// registered are the header parameters of RFC 7515 §4.1, which crit must not list.
var registered = []string{"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"}

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
	named, err := jwk.Choose(keys, kid, hasKid)
	if err != nil {
		if len(keys) > 0 {
			c.Actual = jwk.IDs(keys)
		}
		return nil, c, err
	}
	fit := make([]jwk.Key, 0, len(named))
	var refused error
	for _, k := range named {
		if err := k.Fits(alg, jwk.OpVerify); err == nil {
			fit = append(fit, k)
		} else if refused == nil {
			refused = err
		}
	}
	switch {
	case len(fit) == 0 && len(named) == 1:
		return nil, misfit(alg, named), refused
	case len(fit) == 0:
		return nil, misfit(alg, named), verdict.Errorf(verdict.ClassOf(refused), "none of the %d keys fits: %w", len(named), refused)
	}
	if k := fit[0]; len(fit) == 1 && k.HasID {
		c.Actual = k.ID
		if hasKid && k.ID != kid {
			c.Detail = "the token names kid " + quote(kid) + ", the key given has " + quote(k.ID) + ": tried all the same"
		}
	}
	return fit, c, nil
}

func misfit(alg jwa.Algorithm, keys []jwk.Key) verdict.Check {
	return verdict.Check{Expected: acceptedAlgs(keys, nil), Actual: alg.Name}
}

func (t Token) tryKeys(keys []jwk.Key, alg jwa.Algorithm) (Verified, verdict.Check, error) {
	input := t.SigningInput()
	for _, k := range keys {
		if alg.Verify(input, t.Signature, k.VerificationMaterial()) == nil {
			return Verified{token: t, key: k, alg: alg.On(k.Curve)}, verdict.Check{Status: verdict.Pass, Detail: alg.Name}, nil
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

// checkEmbeddedKeys warns of header members that offer a key: anyone can put one
// there, so it is never used (RFC 8725 §3.10).
func (t Token) checkEmbeddedKeys(ignored []string) verdict.Check {
	var found []string
	for _, name := range ignored {
		if _, ok := t.Header.Get(name); ok {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return verdict.Check{}
	}
	return verdict.Check{
		Status: verdict.Warn, Class: verdict.EmbeddedKey, Actual: found,
		Detail: "the header's " + strings.Join(found, ", ") + " was ignored: keys come from you, never from the token",
	}
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

// listed shows a few names of what may be a long list of long names.
func listed(names []string) string {
	const shown = 5
	quoted := make([]string, 0, shown)
	for _, n := range names[:min(shown, len(names))] {
		quoted = append(quoted, quote(n))
	}
	s := strings.Join(quoted, ", ")
	if len(names) > shown {
		s += ", …"
	}
	return s
}

// quote shows text of a token on one line of a message.
func quote(s string) string { return string(jsonobject.Quote(clip(s))) }

// clip shortens what would not fit in a message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
