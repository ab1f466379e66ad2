package jws

import (
	"slices"
	"strings"

	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Verified is a token that verified under one of the caller's keys. The zero Verified holds
// nothing.
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

// Alg returns the algorithm that was used, restricted to the curve of the key.
func (v Verified) Alg() jwa.Algorithm { return v.alg }

// offered lists the header members that carry a key or a reference to one. They are ignored.
var offered = []string{"jwk", "jku", "x5u", "x5c"}

// Verify checks header, alg, crit, key and signature in this order and stops at the first
// failure. The keys, and algs unless it is empty, decide which algorithms are acceptable; the
// token only claims one of them. The checks list what was examined, a failed one last, whose
// error is err.
func (t Token) Verify(keys []jwk.Key, algs []string) (Verified, []verdict.Check, error) {
	v := verification{token: &t, keys: keys, algs: algs, ignored: offered}
	return v.run(steps)
}

// A step examines one thing. Without anything to report it returns a check without a status.
type step struct {
	name string
	run  func(*verification) (verdict.Check, error)
}

// steps lists what Verify examines, in order, with the names of the checks.
var steps = []step{
	{"header", (*verification).checkHeader},
	{"embedded_key", (*verification).checkEmbeddedKeys},
	{"alg", (*verification).checkAlg},
	{"crit", (*verification).checkCrit},
	{"key", (*verification).chooseKeys},
	{"signature", (*verification).tryKeys},
}

// A verification is one run of the steps. Each step leaves its results to the next.
type verification struct {
	token   *Token
	keys    []jwk.Key
	algs    []string
	ignored []string // header members

	alg      jwa.Algorithm
	fit      []jwk.Key
	verified Verified
}

func (v *verification) run(steps []step) (Verified, []verdict.Check, error) {
	checks := make([]verdict.Check, 0, len(steps)+1)
	for _, s := range steps {
		c, err := s.run(v)
		if err != nil {
			failed := verdict.Failed(s.name, err)
			failed.Expected, failed.Actual = c.Expected, c.Actual
			return Verified{}, append(checks, failed), err
		}
		if c.Status != "" {
			c.Name = s.name
			checks = append(checks, c)
		}
	}
	return v.verified, append(checks, weakness(v.verified)...), nil
}

// checkHeader refuses a header that two parsers could read differently.
func (v *verification) checkHeader() (verdict.Check, error) {
	t := v.token
	if t.misspelled {
		return verdict.Check{}, verdict.Errorf(verdict.Malformed, "the token is not base64url throughout (RFC 7515 §2)")
	}
	if d := t.Header.Duplicates(); len(d) > 0 {
		return verdict.Check{Actual: d}, verdict.Errorf(verdict.DuplicateMember,
			"the header has %s more than once: parsers disagree on which counts", phrase.QuotedList(d))
	}
	if err := t.checkTypes(); err != nil {
		return verdict.Check{}, err
	}
	return verdict.Check{Status: verdict.Pass, Detail: "a JSON object without duplicate names"}, nil
}

// checkAlg looks up the alg of the header. Whether it fits the key that the token names is
// checked by chooseKeys.
func (v *verification) checkAlg() (verdict.Check, error) {
	accepted := AcceptedAlgs(v.keys, v.algs)
	c := verdict.Check{Expected: accepted}
	value, ok := v.token.Header.Get("alg")
	if !ok {
		return c, verdict.Errorf(verdict.AlgRefused, "alg: the header has none%s", wanted(accepted))
	}
	name, ok := value.Text()
	if !ok {
		return c, verdict.Errorf(verdict.AlgRefused, "alg: is %s, must be a string (RFC 7515 §4.1.1)", value.Noun())
	}
	c.Actual = name
	if strings.EqualFold(name, jwa.None) {
		return c, verdict.Errorf(verdict.AlgRefused, "alg: is %s: the token is not signed, which is never accepted (RFC 8725 §3.2)", phrase.Quote(name))
	}
	alg, ok := jwa.Lookup(name)
	if !ok {
		return c, verdict.Errorf(verdict.AlgRefused, "alg: is %s, which is not a known signature algorithm%s", phrase.Quote(name), wanted(accepted))
	}
	if len(v.algs) > 0 && !slices.Contains(v.algs, name) {
		c.Expected = v.algs
		return c, verdict.Errorf(verdict.AlgRefused, "alg: %s is not allowed, only %s", name, strings.Join(v.algs, ", "))
	}
	if !slices.Contains(accepted, name) {
		c.Expected = nil // no key is for it, which chooseKeys reports
	}
	c.Status = verdict.Pass
	v.alg = alg
	return c, nil
}

// AcceptedAlgs returns the algorithms that at least one of the keys may verify, restricted to
// algs unless it is empty.
func AcceptedAlgs(keys []jwk.Key, algs []string) []string {
	names := make([]string, 0, 6) // as many as an RSA key has
	all := jwa.All()
	for i := range all {
		a := &all[i]
		if len(algs) > 0 && !slices.Contains(algs, a.Name) {
			continue
		}
		for j := range keys {
			if a.KeyType == keys[j].Type && keys[j].CanVerify(*a) {
				names = append(names, a.Name)
				break
			}
		}
	}
	return names
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

// checkCrit refuses every critical extension (RFC 7515 §4.1.11), because none is implemented.
// That includes b64, which RFC 7797 §7 forbids in a JWT.
func (v *verification) checkCrit() (verdict.Check, error) {
	if b64, ok := v.token.Header.Get("b64"); ok && b64.Kind() != 't' {
		return verdict.Check{}, verdict.Errorf(verdict.CritUnsupported, "b64: is %s, and unencoded payloads (RFC 7797) are not supported", phrase.Short(string(b64)))
	}
	crit, ok := v.token.Header.Get("crit")
	if !ok {
		return verdict.Check{}, nil
	}
	names, ok := crit.Texts()
	if !ok || len(names) == 0 {
		return verdict.Check{}, verdict.Errorf(verdict.Malformed, "crit: must be an array of header names and not empty (RFC 7515 §4.1.11)")
	}
	c := verdict.Check{Actual: names}
	for i, name := range names {
		switch {
		case slices.Contains(registered, name):
			return c, verdict.Errorf(verdict.Malformed, "crit: lists %q, a registered header parameter, which must not be listed (RFC 7515 §4.1.11)", name)
		case slices.Contains(names[:i], name):
			return c, verdict.Errorf(verdict.Malformed, "crit: lists %s twice (RFC 7515 §4.1.11)", phrase.Quote(name))
		}
	}
	return c, verdict.Errorf(verdict.CritUnsupported, "crit: %s must be understood, but is not supported (RFC 7515 §4.1.11)", phrase.QuotedList(names))
}

// registered lists the header parameters of RFC 7515 §4.1, which crit must not list.
var registered = []string{"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"}

// chooseKeys selects the keys that may have signed the token: those of a set that the kid
// names, and of these the ones that fit the algorithm.
func (v *verification) chooseKeys() (verdict.Check, error) {
	kid, hasKid, err := v.token.KeyID()
	if err != nil {
		return verdict.Check{}, err
	}
	c := verdict.Check{Status: verdict.Pass}
	if hasKid {
		c.Expected = kid
	}
	named, err := jwk.Choose(v.keys, kid, hasKid)
	if err != nil {
		if len(v.keys) > 0 {
			c.Actual = jwk.IDs(v.keys)
		}
		return c, err
	}
	fit, refused := fitting(named, v.alg)
	if len(fit) == 0 {
		return misfit(v.alg, named, refused)
	}
	if k := fit[0]; len(fit) == 1 && k.HasID {
		c.Actual = k.ID
		if hasKid && k.ID != kid {
			c.Detail = "the token names kid " + phrase.Quote(kid) + ", the key given has " + phrase.Quote(k.ID) + ": tried anyway"
		}
	}
	v.fit = fit
	return c, nil
}

// fitting returns the keys that may verify with the algorithm, and the reason why the first of
// the others may not.
func fitting(keys []jwk.Key, alg jwa.Algorithm) (fit []jwk.Key, refused error) {
	for i, k := range keys {
		err := k.Fits(alg, jwk.OpVerify)
		switch {
		case err != nil && refused == nil:
			fit, refused = slices.Clone(keys[:i]), err
		case err == nil && refused != nil:
			fit = append(fit, k)
		}
	}
	if refused == nil {
		return keys, nil
	}
	return fit, refused
}

// misfit returns the failure where no key fits the algorithm.
func misfit(alg jwa.Algorithm, keys []jwk.Key, refused error) (verdict.Check, error) {
	if len(keys) > 1 {
		refused = verdict.Errorf(verdict.ClassOf(refused), "none of the %d keys fits: %w", len(keys), refused)
	}
	return verdict.Check{Expected: AcceptedAlgs(keys, nil), Actual: alg.Name}, refused
}

// tryKeys verifies the signature. No other function makes a Verified.
func (v *verification) tryKeys() (verdict.Check, error) {
	input := v.token.SigningInput()
	for _, k := range v.fit {
		if v.alg.Verify(input, v.token.Signature, k.VerificationMaterial()) == nil {
			v.verified = Verified{token: *v.token, key: k, alg: v.alg.On(k.Curve)}
			return verdict.Check{Status: verdict.Pass, Detail: v.alg.Name}, nil
		}
	}
	c := verdict.Check{}
	switch {
	case len(v.token.Signature) == 0:
		return c, verdict.Errorf(verdict.SignatureInvalid, "the signature is empty")
	case len(v.fit) > 1:
		return c, verdict.Errorf(verdict.SignatureInvalid, "the signature verifies under none of the %d keys that fit %s", len(v.fit), v.alg.Name)
	default:
		return c, verdict.Errorf(verdict.SignatureInvalid, "the signature does not verify under this key")
	}
}

// checkEmbeddedKeys warns of header members that carry a key. It is never used, because an
// attacker can put one there (RFC 8725 §3.10).
func (v *verification) checkEmbeddedKeys() (verdict.Check, error) {
	var found []string
	for _, name := range v.ignored {
		if _, ok := v.token.Header.Get(name); ok {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return verdict.Check{}, nil
	}
	return verdict.Check{
		Status: verdict.Warn, Class: verdict.EmbeddedKey, Actual: found,
		Detail: "the header's " + strings.Join(found, ", ") + " was ignored: keys come from you, never from the token",
	}, nil
}

// weakness returns a warning about a short HMAC secret.
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
