package jws

import (
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Verified is a token that verified under one of the caller's keys. The zero Verified holds
// nothing. That of a Verifier is valid until the next one.
type Verified struct {
	token   *Token // nothing else points to it
	opening *Opening
}

// An Opening is what tokens have in common that have the same header and verify under the same
// key. It must not be changed, but for Kept.
type Opening struct {
	Checks []verdict.Check // what Verify examined
	Kept   any             // for the caller of Verify, who keeps here what else such tokens have in common
	key    jwk.Key
	alg    jwa.Algorithm
}

// Token returns the token that was verified.
func (v Verified) Token() Token { return *v.held() }

// Header returns the members of the header.
func (v Verified) Header() jsonobject.Object { return v.held().Header }

// Protected returns the members of the header that are signed.
func (v Verified) Protected() jsonobject.Object { return v.held().Protected() }

// Payload returns the bytes that were signed.
func (v Verified) Payload() []byte { return v.held().Payload }

// held returns the token; an empty one of the zero Verified.
func (v Verified) held() *Token {
	if v.token == nil {
		return new(Token)
	}
	return v.token
}

// Opening returns what the token has in common with others; nil for the zero Verified. A Verifier
// returns the same one for each of them.
func (v Verified) Opening() *Opening { return v.opening }

// Key returns the key under which the signature verified.
func (v Verified) Key() jwk.Key { return v.opening.Key() }

// Alg returns the algorithm that was used, restricted to the curve of the key.
func (v Verified) Alg() jwa.Algorithm { return v.opening.Alg() }

// Key returns the key; none of a nil Opening.
func (o *Opening) Key() jwk.Key {
	if o == nil {
		return jwk.Key{}
	}
	return o.key
}

// Alg returns the algorithm; none of a nil Opening.
func (o *Opening) Alg() jwa.Algorithm {
	if o == nil {
		return jwa.Algorithm{}
	}
	return o.alg
}

// offered lists the header members that carry a key or a reference to one. They are ignored.
var offered = []string{"jwk", "jku", "x5u", "x5c"}

// Verify checks header, alg, crit, key and signature in this order and stops at the first
// failure. The keys, and algs unless it is empty, decide which algorithms are acceptable; the
// token only claims one of them. The checks list what was examined, a failed one last, whose
// error is err.
func (t Token) Verify(keys []jwk.Key, algs []string) (Verified, []verdict.Check, error) {
	return NewVerifier(keys, algs).Verify(&t)
}

// A step examines one thing. Without anything to report it returns a check without a status.
type step struct {
	name string
	run  func(*verification) (verdict.Check, error)
}

// steps lists what Verify examines before the signature, in order, with the names of the checks.
// They depend on the header and the keys alone.
var steps = []step{
	{"header", (*verification).checkHeader},
	{"embedded_key", (*verification).checkEmbeddedKeys},
	{"alg", (*verification).checkAlg},
	{"crit", (*verification).checkCrit},
	{"key", (*verification).chooseKeys},
}

// A verification is one run of the steps. Each step leaves its results to the next, and the last
// to tryKeys.
type verification struct {
	token   *Token // its header; the payload is not looked at
	keys    []jwk.Key
	algs    []string
	ignored []string // header members

	checks   []verdict.Check
	alg      jwa.Algorithm
	fit      []candidate
	verified Token // the last token that verified
}

// A candidate is a key that may have signed.
type candidate struct {
	key      jwk.Key
	verifier *jwa.Verifier // nil until the key is tried
	opening  *Opening      // nil until a token verified under the key
}

// examine runs the steps. With an error, the last of the checks is the failed one.
func (v *verification) examine(steps []step) error {
	v.checks = make([]verdict.Check, 0, len(steps)+2) // those of tryKeys too
	for _, s := range steps {
		c, err := s.run(v)
		if err != nil {
			failed := verdict.Failed(s.name, err)
			failed.Expected, failed.Actual = c.Expected, c.Actual
			v.checks = append(v.checks, failed)
			return err
		}
		if c.Status != "" {
			c.Name = s.name
			v.checks = append(v.checks, c)
		}
	}
	return nil
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

// checkCrit refuses every critical extension (RFC 7515 §4.1.11) but b64 (RFC 7797) of a payload
// that came beside its token. RFC 7797 §7 forbids it in a JWT.
func (v *verification) checkCrit() (verdict.Check, error) {
	understood := []string{}
	if v.token.isUnencoded() {
		understood = []string{unencoded} // Join has taken the payload as it is
	} else if b64, ok := v.token.Header.Get(unencoded); ok && b64.Kind() != 't' {
		return verdict.Check{}, verdict.Errorf(verdict.CritUnsupported, "b64: is %s, and an unencoded payload (RFC 7797) comes beside its token", phrase.Short(string(b64))).
			Hintf("--payload-file FILE gives the payload")
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
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(understood, name) })
	if len(names) == 0 {
		c.Status, c.Detail = verdict.Pass, "b64: the payload is signed as it is (RFC 7797)"
		return c, nil
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
	for _, k := range fit {
		v.fit = append(v.fit, candidate{key: k})
	}
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

// tryKeys verifies the signature of a token whose header was examined. No other function makes a
// Verified.
func (v *verification) tryKeys(t *Token) (Verified, []verdict.Check, error) {
	input := t.signingInput()
	for i := range v.fit {
		c := &v.fit[i]
		if c.verifier == nil {
			c.verifier = v.alg.Verifier(c.key.VerificationMaterial())
		}
		if c.verifier.Verify(input, t.Signature) != nil {
			continue
		}
		if c.opening == nil {
			c.opening = v.openingUnder(c.key)
		}
		v.verified = *t
		return Verified{token: &v.verified, opening: c.opening}, c.opening.Checks, nil
	}
	err := v.notVerified(t)
	return Verified{}, append(slices.Clip(v.checks), verdict.Failed("signature", err)), err
}

// openingUnder returns the opening of tokens that verify under the key.
func (v *verification) openingUnder(key jwk.Key) *Opening {
	o := &Opening{key: key, alg: v.alg.On(key.Curve)}
	o.Checks = append(slices.Clip(v.checks), verdict.Check{Name: "signature", Status: verdict.Pass, Detail: v.alg.Name})
	o.Checks = append(o.Checks, weakness(key, v.alg)...)
	return o
}

func (v *verification) notVerified(t *Token) error {
	switch {
	case len(t.Signature) == 0:
		return verdict.Errorf(verdict.SignatureInvalid, "the signature is empty")
	case len(v.fit) > 1:
		return verdict.Errorf(verdict.SignatureInvalid, "the signature verifies under none of the %d keys that fit %s", len(v.fit), v.alg.Name)
	default:
		return verdict.Errorf(verdict.SignatureInvalid, "the signature does not verify under this key")
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
func weakness(key jwk.Key, alg jwa.Algorithm) []verdict.Check {
	secret, ok := key.Material().([]byte)
	if !ok || len(secret) >= alg.MinKeyBytes {
		return nil
	}
	return []verdict.Check{{
		Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey,
		Expected: alg.MinKeyBytes, Actual: len(secret),
		Detail: "the secret is shorter than the hash of " + alg.Name + " (RFC 7518 §3.2)",
		Hint:   "the issuer must use a longer secret: jwt key generate --alg " + alg.Name,
	}}
}
