package jwk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// parseJSON reads a JWK or a JWK Set, and keeps its text as Set.JSON.
func (r *reader) parseJSON(text []byte) (Set, error) {
	o, err := jsonobject.Parse(text)
	if err != nil {
		e := verdict.Errorf(verdict.JWKInvalid, "the JWK is not a JSON object: %w", err)
		var syntax *jsonobject.SyntaxError
		if errors.As(err, &syntax) && syntax.Offset == len(text) {
			return Set{}, e.Hintf("the text is cut off: copy or fetch it whole")
		}
		return Set{}, e.Hintf("get it again, whole and as JSON")
	}
	set, err := r.parseObject(o)
	set.JSON = o
	return set, err
}

func (r *reader) parseObject(o jsonobject.Object) (Set, error) {
	_, isKey := o.Get("kty")
	keys, isSet := o.Get("keys")
	switch {
	case isKey && isSet:
		return Set{}, verdict.Errorf(verdict.JWKInvalid, `the object has "kty" and "keys": it is either a JWK or a JWK Set`)
	case isSet && !holdsOther(keys):
		return parseSet(o, keys)
	case isKey:
		k, err := parseJWK(o)
		return single(k, wholeJWK(err))
	}
	if set, ok := certificateMap(o); ok {
		return set, nil
	}
	if k, ok, err := vapidPair(o); ok {
		return single(k, err)
	}
	if set, ok, err := r.keysInside(o); ok {
		return set, err
	}
	if isSet {
		return parseSet(o, keys)
	}
	return Set{}, unknownObject(o)
}

// holdsOther reports whether "keys" is not that of a JWK Set: an object, as in an answer of Vault, or
// objects without any "kty", as in one of Keycloak.
func holdsOther(keys jsonobject.Value) bool {
	elements, _ := keys.Elements()
	return keys.Kind() == '{' || len(elements) > 0 && !slices.ContainsFunc(elements, func(e jsonobject.Value) bool {
		o, isObject := e.Object()
		_, isKey := o.Get("kty")
		return !isObject || isKey
	})
}

// certificateMap reads an object whose every member is a certificate in PEM, named by its
// kid, as Google and Firebase publish their keys.
func certificateMap(o jsonobject.Object) (Set, bool) {
	set := Set{}
	for _, m := range o.Members() {
		text, _ := m.Value.Text()
		if !strings.HasPrefix(text, pemBegin+"CERTIFICATE-----") || len(set.Keys) == MaxKeys {
			return Set{}, false
		}
		one, err := Parse([]byte(text))
		if err != nil || len(one.Keys) != 1 {
			return Set{}, false
		}
		k := one.Keys[0]
		k.ID, k.HasID, k.InSet = m.Name, true, true
		set.add(len(set.Keys), k, nil)
	}
	return set, len(set.Keys) > 0 && len(o.Duplicates()) == 0
}

// parseSet reads a JWK Set (RFC 7517 §5).
func parseSet(o jsonobject.Object, keys jsonobject.Value) (Set, error) {
	// A duplicate member inside one key makes only that key unusable.
	seen := make(map[string]bool)
	for _, m := range o.Members() {
		if seen[m.Name] {
			return Set{}, duplicated("JWK Set", []string{m.Name})
		}
		seen[m.Name] = true
	}
	elements, ok := keys.Elements()
	switch {
	case !ok:
		return Set{}, verdict.Errorf(verdict.JWKInvalid, "keys: is %s, must be an array of JWKs (RFC 7517 §5.1)", keys.Noun())
	case len(elements) > MaxKeys:
		return Set{}, verdict.Errorf(verdict.LimitExceeded, "the JWK Set has %d keys: the limit is %d", len(elements), MaxKeys)
	}
	set, factored := Set{}, 0
	for i, e := range elements {
		o, ok := e.Object()
		if !ok {
			return Set{}, verdict.Errorf(verdict.JWKInvalid, "keys[%d]: is %s, must be a JWK object (RFC 7517 §5.1)", i, e.Noun())
		}
		if (members{o: o}).lacksPrimes() {
			factored++
		}
		k, err := parseInSet(o, factored)
		k.InSet = true
		if err != nil {
			k.ID, _ = o.Text("kid")
			k.Type, _ = o.Text("kty")
		}
		set.add(i, k, err)
	}
	return set.usable("JWK Set")
}

// parseInSet reads one JWK of a set. It finds the primes of at most maxFactored RSA keys,
// because that is slow; factored counts this key too.
func parseInSet(o jsonobject.Object, factored int) (Key, error) {
	if factored > maxFactored && (members{o: o}).lacksPrimes() {
		return Key{}, verdict.Errorf(verdict.KeyRefused, "p: is missing: in a set, at most %d RSA private keys may come without their primes", maxFactored)
	}
	return parseJWK(o)
}

// unknownObject returns the error for a JSON object that is neither a JWK nor a JWK Set,
// with a hint if its kind is recognised.
func unknownObject(o jsonobject.Object) error {
	has := func(name string) bool { _, ok := o.Get(name); return ok }
	err := verdict.Errorf(verdict.JWKInvalid, `the JSON object has neither "kty" (a JWK) nor "keys" (a JWK Set)`)
	switch {
	case has("ciphertext"):
		return verdict.Errorf(verdict.KeyUnreadable, "%w", ErrJWE)
	case has("web") || has("installed"):
		return verdict.Errorf(verdict.JWKInvalid, "the JSON object is the settings of an OAuth client, which have no key").
			Hintf("--key oidc:ISSUER finds the keys of an issuer")
	case has("jwks_uri"):
		return err.Hintf("it names its keys by URL: --key oidc:ISSUER")
	case has("jwk_url"):
		return err.Hintf("it names its keys by URL: --key URL")
	}
	return err
}

// wholeJWK adds to the error of a JWK that is cut or misspelled where to get a right one.
func wholeJWK(err error) error {
	var e *verdict.Error
	if !errors.As(err, &e) || e.Class != verdict.JWKInvalid || e.Hint != "" {
		return err
	}
	own := *e
	return own.Hintf("get the JWK again, whole: a member is missing, cut or changed")
}

// parseJWK reads one JWK (RFC 7517 §4). It ignores unknown members.
func parseJWK(o jsonobject.Object) (Key, error) {
	if names := o.Duplicates(); len(names) > 0 {
		return Key{}, duplicated("JWK", names)
	}
	m := members{o: o, flaws: new([]string)}
	material, err := m.material()
	if err != nil {
		return Key{}, err
	}
	k, err := New(material)
	if err != nil {
		return Key{}, err
	}
	k.Format = "JWK"
	for _, read := range []func(*Key) error{m.id, m.alg, m.use, m.certificates} {
		if err := read(&k); err != nil {
			return Key{}, err
		}
	}
	k.flaws = *m.flaws
	return k, nil
}

// duplicated returns the error for members that occur more than once, named by JSON
// Pointers.
func duplicated(what string, pointers []string) error {
	names := slices.Compact(slices.Clone(pointers))
	for i, n := range names {
		names[i] = strings.TrimPrefix(n, "/")
	}
	return verdict.Errorf(verdict.DuplicateMember, "the %s has %s more than once: parsers disagree on which counts", what, phrase.List(names))
}

// A members reads the members of one JWK and refuses those of a wrong type. It notes the
// flaws of members that decide nothing: they never cost the key.
type members struct {
	o     jsonobject.Object
	flaws *[]string
}

// flaw notes what is wrong with a member.
func (m members) flaw(format string, args ...any) {
	*m.flaws = append(*m.flaws, fmt.Sprintf(format, args...))
}

func invalid(format string, args ...any) *verdict.Error {
	return verdict.Errorf(verdict.JWKInvalid, format, args...)
}

func (m members) has(name string) bool {
	_, ok := m.o.Get(name)
	return ok
}

// text returns a string member; ok is false if it is absent. Only "kid" may be empty.
func (m members) text(name string) (s string, ok bool, err error) {
	v, ok := m.o.Get(name)
	if !ok {
		return "", false, nil
	}
	s, isText := v.Text()
	switch {
	case !isText:
		return "", false, invalid("%s: is %s, must be a string", name, v.Noun())
	case s == "" && name != "kid":
		return "", false, invalid("%s: is an empty string", name)
	}
	return s, true, nil
}

func (m members) required(name, section string) (string, error) {
	s, ok, err := m.text(name)
	if err == nil && !ok {
		err = invalid("%s: is missing (RFC %s)", name, section)
	}
	return s, err
}

// octets returns the bytes of a required base64url member. Its errors never quote
// the value, which may be private.
func (m members) octets(name, section string) ([]byte, error) {
	s, err := m.required(name, section)
	if err != nil {
		return nil, err
	}
	b, err := base64url.Decode(s)
	var e *base64url.Error
	if errors.As(err, &e) {
		return nil, invalid("%s: is not base64url: %s at offset %d (RFC %s)", name, e.Fault, e.Offset, section)
	}
	return b, err
}

func (m members) id(k *Key) (err error) {
	if m.isNull("kid") {
		return nil
	}
	k.ID, k.HasID, err = m.text("kid")
	if k.HasID && k.ID == "" {
		m.flaw("kid is an empty string")
	}
	return err
}

// isNull reports whether the member is null, which some writers mean as absent, and notes it.
func (m members) isNull(name string) bool {
	v, ok := m.o.Get(name)
	if !ok || v.Kind() != 'n' {
		return false
	}
	m.flaw("%s is null: it is read as absent", name)
	return true
}

// restriction returns a string member that restricts the key. Null and the empty string
// restrict nothing.
func (m members) restriction(name string) (string, error) {
	if m.isNull(name) {
		return "", nil
	}
	if s, _ := m.o.Text(name); s == "" && m.has(name) && m.isText(name) {
		m.flaw("%s is an empty string: it is read as absent", name)
		return "", nil
	}
	s, _, err := m.text(name)
	return s, err
}

func (m members) isText(name string) bool {
	v, _ := m.o.Get(name)
	return v.Kind() == '"'
}

// alg reads the algorithm that the key is restricted to. It is an error if it takes
// another kind of key. An unknown one is kept and fits nothing.
func (m members) alg(k *Key) error {
	name, err := m.restriction("alg")
	if err != nil {
		return err
	}
	if k.pss && k.Alg != "" && name != "" && name != k.Alg {
		return invalid("alg: is %s, but the certificate in x5c restricts the key to %s", name, k.Alg)
	}
	k.Alg = cmp.Or(name, k.Alg) // x5c restricts a key to an algorithm too
	switch takes, known := keyKinds(name); {
	case strings.EqualFold(name, jwa.None):
		return verdict.Errorf(verdict.KeyRefused, "alg: %q means no signature, so no key is for it", name)
	case known && !slices.Contains(takes, k.kindName()):
		return invalid("alg: is %s, but the key is %s", name, k.Kind())
	}
	if size, exact := SecretBytes(name); exact && k.bits != 8*size {
		return invalid("alg: is %s, which needs a secret of %d bytes, but the key has %d", name, size, k.bits/8)
	}
	return nil
}

// kindName returns the kind of key as keyKinds names it: "kty", "kty/crv", or
// "AKP/alg" for an algorithm key pair.
func (k Key) kindName() string {
	switch {
	case k.Type == "AKP":
		return k.Type + "/" + k.Alg
	case k.Curve == "":
		return k.Type
	default:
		return k.Type + "/" + k.Curve
	}
}

// use reads "use" and "key_ops", which must agree with each other (RFC 7517 §4.3) and
// with "alg", which is read earlier.
func (m members) use(k *Key) (err error) {
	if k.Use, err = m.restriction("use"); err != nil {
		return err
	}
	use, forAlg := k.Use, UseFor(k.Alg)
	if use != "sig" && use != "enc" {
		use = "" // another use says nothing of operations
	}
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	if differ(use, forAlg) {
		return invalid(`use: is %q, but "alg" is %s (RFC 7517 §4.2)`, k.Use, k.Alg)
	}
	ops := m.operations()
	if ops == nil {
		return nil
	}
	for i, op := range ops {
		if slices.Contains(ops[:i], op) {
			m.flaw("key_ops has %q twice (RFC 7517 §4.3)", op)
		}
		if differ(useOf(op), use) {
			return invalid(`use: is %q, but "key_ops" has %q (RFC 7517 §4.3)`, k.Use, op)
		}
		if differ(useOf(op), forAlg) {
			return invalid(`key_ops: has %q, but "alg" is %s (RFC 7517 §4.4)`, op, k.Alg)
		}
	}
	k.Ops = ops
	return nil
}

// operations returns "key_ops", or nil if it restricts nothing: absent, null,
// empty, or without any known operation. Operations in other letters are corrected.
func (m members) operations() []string {
	v, ok := m.o.Get("key_ops")
	if !ok || m.isNull("key_ops") {
		return nil
	}
	ops, ok := v.Texts()
	if text, isText := v.Text(); isText {
		m.flaw("key_ops is a string, not an array of strings (RFC 7517 §4.3)")
		ops, ok = []string{text}, true
	}
	if !ok {
		m.flaw("key_ops is not an array of strings (RFC 7517 §4.3): it is read as absent")
		return nil
	}
	if len(ops) == 0 {
		m.flaw("key_ops is empty: it is read as absent")
		return nil
	}
	for i, op := range ops {
		if known := operation(op); known != op {
			m.flaw("key_ops has %s instead of %q", phrase.Quote(op), known)
			ops[i] = known
		}
	}
	if !slices.ContainsFunc(ops, isOperation) {
		m.flaw("key_ops has no known operation: it is read as absent")
		return nil
	}
	return ops
}

func isOperation(op string) bool { return useOf(op) != "" }

// operation returns the operation of RFC 7517 §4.3 that differs from op only in the case of
// its letters, or op.
func operation(op string) string {
	for _, known := range []string{"sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"} {
		if strings.EqualFold(op, known) {
			return known
		}
	}
	return op
}

// useOf returns the "use" for an operation of RFC 7517 §4.3.
func useOf(op string) string {
	switch op {
	case "sign", "verify":
		return "sig"
	case "encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits":
		return "enc"
	default:
		return ""
	}
}
