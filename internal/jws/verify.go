package jws

import (
	"slices"
	"strings"

	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
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
	v := verification{token: &t, keys: keys, algs: algs, ignored: ignored}
	v.checks = make([]verdict.Check, 0, len(steps))
	for _, s := range steps {
		c, err := s.run(&v)
		if err != nil {
			failed := verdict.Failed(s.name, err)
			failed.Expected, failed.Actual = c.Expected, c.Actual
			return Verified{}, append(v.checks, failed), err
		}
		if c.Status != "" {
			c.Name = s.name
			v.checks = append(v.checks, c)
		}
	}
	return v.verified, append(v.checks, weakness(v.verified)...), nil
}

// A verification is one run of the steps, and what each leaves to the next.
type verification struct {
	token         *Token
	keys          []jwk.Key
	algs, ignored []string

	alg      jwa.Algorithm
	fit      []jwk.Key
	verified Verified
	checks   []verdict.Check
}

// steps are what Verify looks at, in order, and the names of their checks. A step
// that has nothing to say returns a check without a status.
var steps = [...]struct {
	name string
	run  func(*verification) (verdict.Check, error)
}{
	{"header", func(v *verification) (verdict.Check, error) { return v.token.checkHeader() }},
	{"embedded_key", func(v *verification) (verdict.Check, error) { return v.token.checkEmbeddedKeys(v.ignored), nil }},
	{"alg", (*verification).checkAlg},
	{"crit", func(v *verification) (verdict.Check, error) { return v.token.checkCrit() }},
	{"key", (*verification).chooseKeys},
	{"signature", (*verification).tryKeys},
}

// checkHeader refuses a header that two parsers could read differently.
func (t *Token) checkHeader() (verdict.Check, error) {
	if t.misspelled {
		return verdict.Check{}, verdict.Errorf(verdict.Malformed, "the token is not spelled in base64url throughout (RFC 7515 §2)")
	}
	if d := t.Header.Duplicates(); len(d) > 0 {
		return verdict.Check{Actual: d}, verdict.Errorf(verdict.DuplicateMember,
			"the header has %s more than once: parsers disagree on which counts", phrase.QuotedList(d))
	}
	if err := t.checkTypes(); err != nil {
		return verdict.Check{}, err
	}
	return verdict.Check{Status: verdict.Pass, Detail: "a JSON object, no name twice"}, nil
}

// checkAlg looks the header's alg up among what the keys and algs accept. That
// it fits the very key the token names is chooseKeys' to say.
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
		return c, verdict.Errorf(verdict.AlgRefused, "alg: is %s: no signature, which never verifies (RFC 8725 §3.2)", phrase.Quote(name))
	}
	alg, ok := jwa.Lookup(name)
	if !ok {
		return c, verdict.Errorf(verdict.AlgRefused, "alg: is %s, no signature algorithm known here%s", phrase.Quote(name), wanted(accepted))
	}
	if len(v.algs) > 0 && !slices.Contains(v.algs, name) {
		c.Expected = v.algs
		return c, verdict.Errorf(verdict.AlgRefused, "alg: %s is not allowed, only %s", name, strings.Join(v.algs, ", "))
	}
	if !slices.Contains(accepted, name) {
		c.Expected = nil // no key takes it: the key check says so
	}
	c.Status = verdict.Pass
	v.alg = alg
	return c, nil
}

// AcceptedAlgs returns the algorithms that at least one of the keys may verify,
// restricted to algs if there are any.
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

// checkCrit refuses every critical extension (RFC 7515 §4.1.11): none is
// implemented, b64 of RFC 7797 included, which §7 there forbids in a JWT.
func (t *Token) checkCrit() (verdict.Check, error) {
	if v, ok := t.Header.Get("b64"); ok && v.Kind() != 't' {
		return verdict.Check{}, verdict.Errorf(verdict.CritUnsupported, "b64: is %s, and unencoded payloads (RFC 7797) are not supported", phrase.Short(string(v)))
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
			return c, verdict.Errorf(verdict.Malformed, "crit: lists %s twice (RFC 7515 §4.1.11)", phrase.Quote(name))
		}
	}
	return c, verdict.Errorf(verdict.CritUnsupported, "crit: %s must be understood and is not (RFC 7515 §4.1.11)", phrase.QuotedList(names))
}

// registered are the header parameters of RFC 7515 §4.1, which crit must not list.
var registered = []string{"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"}

// chooseKeys returns the keys that may have signed the token: the kid chooses in
// a set, and of those the ones that fit the algorithm are left.
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
	switch {
	case len(fit) == 0 && len(named) == 1:
		return misfit(v.alg, named), refused
	case len(fit) == 0:
		return misfit(v.alg, named), verdict.Errorf(verdict.ClassOf(refused), "none of the %d keys fits: %w", len(named), refused)
	}
	if k := fit[0]; len(fit) == 1 && k.HasID {
		c.Actual = k.ID
		if hasKid && k.ID != kid {
			c.Detail = "the token names kid " + phrase.Quote(kid) + ", the key given has " + phrase.Quote(k.ID) + ": tried all the same"
		}
	}
	v.fit = fit
	return c, nil
}

// fitting returns the keys that may verify under the algorithm, and why the first
// of the others may not.
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

func misfit(alg jwa.Algorithm, keys []jwk.Key) verdict.Check {
	return verdict.Check{Expected: AcceptedAlgs(keys, nil), Actual: alg.Name}
}

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

// checkEmbeddedKeys warns of header members that offer a key: anyone can put one
// there, so it is never used (RFC 8725 §3.10).
func (t *Token) checkEmbeddedKeys(ignored []string) verdict.Check {
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
