package jwe

import (
	"crypto/ecdh"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Limits on the work that a token may request, checked before any is done.
const (
	MinP2C  = 1000    // PBES2 iterations: RFC 7518 §4.8.1.2
	MaxP2C  = 1200000 // twice what OWASP recommends today, about a second
	minSalt = 8       // bytes of p2s: RFC 7518 §4.8.1.1
)

// computed lists the header members that Encrypt makes for each token.
var computed = [...]string{"epk", "iv", "tag", "p2s", "p2c"}

// A header holds the parameters of the JOSE header for decryption, checked as far as
// possible without a key.
type header struct {
	alg algorithm
	enc encryption
	zip bool

	epk      *ecdh.PublicKey // ECDH-ES: the sender's ephemeral key, on its curve
	curve    curve
	apu, apv []byte

	iv, tag []byte // A*GCMKW: of the key wrapping, not of the content

	p2s []byte // PBES2: salt and iterations
	p2c int
}

// readHeader makes all checks that need no key: duplicates, alg, enc, crit, zip, and the
// parameters of the algorithm. algs, unless empty, lists the accepted algorithms;
// algorithms that are refused by default are accepted only if it names them.
func (t Token) readHeader(algs []string) (header, error) {
	var h header
	if d := t.Header.Duplicates(); len(d) > 0 {
		return h, verdict.Errorf(verdict.DuplicateMember,
			"the header has %s more than once: parsers disagree on which counts", phrase.QuotedList(d))
	}
	var err error
	if h.alg, err = readAlg(t.Header, algs); err != nil {
		return h, err
	}
	if h.enc, err = readEnc(t.Header); err != nil {
		return h, err
	}
	if err = checkCrit(t.Header); err != nil {
		return h, err
	}
	if h.zip, err = readZip(t.Header); err != nil {
		return h, err
	}
	switch h.alg.family {
	case ecdhES:
		err = h.readAgreement(t.Header)
	case aesGCMKW:
		err = h.readKeyWrapping(t.Header)
	case pbes2:
		err = h.readPassword(t.Header)
	}
	if err != nil {
		return h, err
	}
	return h, t.checkSizes(h)
}

func readAlg(o jsonobject.Object, algs []string) (algorithm, error) {
	v, ok := o.Get("alg")
	if !ok {
		return algorithm{}, verdict.Errorf(verdict.AlgRefused, "alg: the header has none")
	}
	name, ok := v.Text()
	if !ok {
		return algorithm{}, verdict.Errorf(verdict.AlgRefused, "alg: is of type %s, must be a string", v.KindName())
	}
	a, ok := lookupAlg(name)
	switch {
	case !ok:
		return a, verdict.Errorf(verdict.AlgRefused, "alg: %s is not a key management algorithm this program knows (RFC 7518 §4.1)", phrase.Quote(name))
	case len(algs) > 0 && !slices.Contains(algs, name):
		return a, verdict.Errorf(verdict.AlgRefused, "alg: %s is not allowed, only %s", name, strings.Join(algs, ", "))
	case a.optIn && len(algs) == 0:
		return a, verdict.Errorf(verdict.AlgRefused, "alg: %s is open to padding oracles and accepted only when requested by name (RFC 8725 §3.2)", name).
			Hintf("to accept it for this token: --alg %s", name)
	}
	return a, nil
}

func readEnc(o jsonobject.Object) (encryption, error) {
	name, err := text(o, "enc", "RFC 7516 §4.1.2")
	if err != nil {
		return encryption{}, err
	}
	e, ok := lookupEnc(name)
	if !ok {
		return e, verdict.Errorf(verdict.AlgRefused, "enc: %s is not a content encryption this program knows (RFC 7518 §5.1)", phrase.Quote(name))
	}
	return e, nil
}

// checkCrit refuses every critical extension, because none is implemented.
func checkCrit(o jsonobject.Object) error {
	v, ok := o.Get("crit")
	if !ok {
		return nil
	}
	names, ok := v.Texts()
	if !ok || len(names) == 0 {
		return verdict.Errorf(verdict.Malformed, "crit: must be an array of header names and not empty (RFC 7516 §4.1.13)")
	}
	return verdict.Errorf(verdict.CritUnsupported, "crit: %s must be understood, but is not supported (RFC 7516 §4.1.13)", phrase.JSON(v))
}

func readZip(o jsonobject.Object) (bool, error) {
	v, ok := o.Get("zip")
	if !ok {
		return false, nil
	}
	if name, _ := v.Text(); name != "DEF" {
		return false, verdict.Errorf(verdict.Malformed, `zip: is %s, must be "DEF" (RFC 7516 §4.1.3)`, phrase.JSON(v))
	}
	return true, nil
}

// readAgreement reads the parameters of ECDH-ES (RFC 7518 §4.6.1).
func (h *header) readAgreement(o jsonobject.Object) (err error) {
	if h.curve, h.epk, err = readEPK(o); err != nil {
		return err
	}
	return h.readParties(o)
}

// readParties reads the parameters about the two parties, which enter the key derivation.
func (h *header) readParties(o jsonobject.Object) (err error) {
	if h.apu, err = optionalOctets(o, "apu", "RFC 7518 §4.6.1.2"); err != nil {
		return err
	}
	h.apv, err = optionalOctets(o, "apv", "RFC 7518 §4.6.1.3")
	return err
}

// readKeyWrapping reads the parameters of A*GCMKW (RFC 7518 §4.7.1).
func (h *header) readKeyWrapping(o jsonobject.Object) (err error) {
	if h.iv, err = octets(o, "iv", "RFC 7518 §4.7.1.1"); err != nil {
		return err
	}
	if h.tag, err = octets(o, "tag", "RFC 7518 §4.7.1.2"); err != nil {
		return err
	}
	if len(h.iv) != gcmNonceBytes {
		return verdict.Errorf(verdict.Malformed, "iv: is %d bytes, must be %d (RFC 7518 §4.7.1.1)", len(h.iv), gcmNonceBytes)
	}
	if len(h.tag) != gcmTagBytes {
		return verdict.Errorf(verdict.Malformed, "tag: is %d bytes, must be %d (RFC 7518 §4.7.1.2)", len(h.tag), gcmTagBytes)
	}
	return nil
}

// readPassword reads the parameters of PBES2 (RFC 7518 §4.8.1). The iterations are limited
// because the sender chooses them and the receiver runs them.
func (h *header) readPassword(o jsonobject.Object) (err error) {
	if h.p2s, err = octets(o, "p2s", "RFC 7518 §4.8.1.1"); err != nil {
		return err
	}
	if len(h.p2s) < minSalt {
		return verdict.Errorf(verdict.Malformed, "p2s: is a salt of %d bytes, at least %d are required (RFC 7518 §4.8.1.1)", len(h.p2s), minSalt)
	}
	v, ok := o.Get("p2c")
	if !ok {
		return verdict.Errorf(verdict.Malformed, "p2c: the header has none (RFC 7518 §4.8.1.2)")
	}
	if v.Kind() != '0' || strings.ContainsAny(string(v), ".eE-") {
		return verdict.Errorf(verdict.Malformed, "p2c: is %s, must be a positive integer (RFC 7518 §4.8.1.2)", phrase.JSON(v))
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < MinP2C || n > MaxP2C {
		return verdict.Errorf(verdict.LimitExceeded, "p2c: is %s iterations, must be %d to %d", phrase.JSON(v), MinP2C, MaxP2C)
	}
	h.p2c = n
	return nil
}

// checkSizes checks the lengths of the other four parts, which alg and enc determine. An
// attacker could move bytes of the ciphertext into a longer tag, and guess a shorter one.
func (t Token) checkSizes(h header) error {
	want := h.alg.encryptedKeyBytes(h.enc)
	got := len(t.EncryptedKey)
	switch {
	case want == 0 && got != 0:
		return verdict.Errorf(verdict.Malformed, "the encrypted key must be empty with %s, it has %d bytes (RFC 7516 §5.2)", h.alg.name, got)
	case got == 0 && want != 0:
		return verdict.Errorf(verdict.Malformed, "the encrypted key is empty, %s needs one (RFC 7516 §5.2)", h.alg.name)
	case want > 0 && got != want:
		return verdict.Errorf(verdict.Malformed, "the encrypted key is %d bytes, %s makes %d for %s", got, h.alg.name, want, h.enc.name)
	case len(t.IV) != h.enc.iv:
		return verdict.Errorf(verdict.Malformed, "the initialization vector is %d bytes, %s has %d", len(t.IV), h.enc.name, h.enc.iv)
	case len(t.Tag) != h.enc.tag:
		return verdict.Errorf(verdict.Malformed, "the authentication tag is %d bytes, %s has %d", len(t.Tag), h.enc.name, h.enc.tag)
	}
	return nil
}

// text returns a member that must be a string, as spec requires.
func text(o jsonobject.Object, name, spec string) (string, error) {
	v, ok := o.Get(name)
	if !ok {
		return "", verdict.Errorf(verdict.Malformed, "%s: the header has none (%s)", name, spec)
	}
	s, ok := v.Text()
	if !ok {
		return "", verdict.Errorf(verdict.Malformed, "%s: is of type %s, must be a string (%s)", name, v.KindName(), spec)
	}
	return s, nil
}

// octets returns the bytes of a member that must be base64url.
func octets(o jsonobject.Object, name, spec string) ([]byte, error) {
	s, err := text(o, name, spec)
	if err != nil {
		return nil, err
	}
	b, err := base64url.Decode(s)
	if err != nil {
		return nil, verdict.Errorf(verdict.Malformed, "%s: is not base64url: %w (%s)", name, err, spec)
	}
	return b, nil
}

func optionalOctets(o jsonobject.Object, name, spec string) ([]byte, error) {
	if _, ok := o.Get(name); !ok {
		return nil, nil
	}
	return octets(o, name, spec)
}
