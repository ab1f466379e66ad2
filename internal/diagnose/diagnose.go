// Package diagnose explains why a signature does not verify, by trying what issuers are
// known to get wrong. It accepts nothing: a cause is never a reason to accept a token.
package diagnose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"slices"
	"strings"

	circl "github.com/cloudflare/circl/sign"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/phrase"
)

// A Cause is one reason why a signature does not verify.
type Cause struct {
	ID     string // stable: secret_newline, other_key, signature_der, …
	Detail string // one sentence, without any secret
	Hint   string // the next thing to type or to ask of the issuer; may be empty

	// Proven says that a trial verified: the detail is a fact. Otherwise it is
	// what can be seen of token and keys, and words itself so.
	Proven bool
}

// Bounds on the work of one diagnosis. The budget is in microseconds, as cost
// estimates them, so that neither many keys nor a large token makes it long.
const (
	maxDiagnosedKeys = 32
	diagnosisBudget  = 1_000_000
)

// Signature looks for the reason why Verify failed under these keys with
// signature_invalid, or one of key_mismatch, key_refused and key_not_found. texts
// are the sources of the keys exactly as read, where the caller still has them: an
// issuer may have used one as an HMAC secret. What it finds is never a reason to
// accept the token.
func Signature(t jws.Token, keys []jwk.Key, texts ...[]byte) []Cause {
	name, _ := t.Alg()
	alg, ok := jwa.Lookup(name)
	if !ok || t.Misspelled() {
		return nil
	}
	d := newDiagnosis(t, alg, keys, texts)
	if len(t.Signature) > 0 {
		for _, look := range []func(){
			d.otherKeys, d.otherSecrets, d.keyTextAsSecret, d.otherEncodings, d.otherAlgorithms, d.otherInputs,
		} {
			if look(); len(d.causes) > 0 || d.told {
				return d.causes
			}
		}
	}
	d.observe()
	return d.causes
}

type diagnosis struct {
	token jws.Token
	alg   jwa.Algorithm
	input string // the signing input
	texts [][]byte

	keys  []jwk.Key // those that the token's kid allows
	fit   []jwk.Key // of those, the ones that Verify tried
	other []jwk.Key // those that the kid rules out

	budget int
	causes []Cause
	told   bool // by Verify's own words: there is no more to say
}

func newDiagnosis(t jws.Token, alg jwa.Algorithm, keys []jwk.Key, texts [][]byte) *diagnosis {
	d := &diagnosis{token: t, alg: alg, input: t.SigningInput(), texts: texts, budget: diagnosisBudget}
	kid, hasKid, _ := t.KeyID()
	for _, k := range keys {
		switch {
		case hasKid && !k.AnswersTo(kid):
			d.other = append(d.other, k)
		case k.CanVerify(alg):
			d.fit = append(d.fit, k)
			fallthrough
		default:
			d.keys = append(d.keys, k)
		}
	}
	d.keys = d.keys[:min(len(d.keys), maxDiagnosedKeys)]
	d.fit = d.fit[:min(len(d.fit), maxDiagnosedKeys)]
	d.other = d.other[:min(len(d.other), maxDiagnosedKeys)]
	return d
}

func (d *diagnosis) proven(id, detail, hint string) {
	d.causes = append(d.causes, Cause{ID: id, Detail: detail, Hint: hint, Proven: true})
}

func (d *diagnosis) seen(id, detail, hint string) {
	d.causes = append(d.causes, Cause{ID: id, Detail: detail, Hint: hint})
}

// try is one trial within the budget.
func (d *diagnosis) try(alg jwa.Algorithm, input string, sig []byte, material any) bool {
	return d.afford(material, len(input)) && alg.Verify(input, sig, material) == nil
}

// afford takes one trial under a key from the budget, if there is enough left.
func (d *diagnosis) afford(material any, inputBytes int) bool {
	d.budget -= cost(material) + inputBytes/400
	return d.budget >= 0
}

// cost estimates a verification in microseconds.
func cost(material any) int {
	switch k := material.(type) {
	case []byte:
		return 5
	case *rsa.PublicKey:
		return k.Size() * k.Size() / 600 // 100 at 2048 bits
	case *ecdsa.PublicKey:
		switch k.Params().BitSize {
		case 384:
			return 1_000
		case 521:
			return 6_000
		}
	case *secp256k1.PublicKey, circl.PublicKey: // Ed448 and ML-DSA
		return 500
	}
	return 100
}

// otherKeys tries the keys that Verify did not: those the kid rules out, those
// that say they are for something else, and the rest of a certificate's chain.
func (d *diagnosis) otherKeys() {
	for _, k := range d.keys {
		if !sameKind(k, d.alg) || k.CanVerify(d.alg) || !d.try(d.alg, d.input, d.token.Signature, k.VerificationMaterial()) {
			continue
		}
		switch {
		case k.Alg != "" && k.Alg != d.alg.Name:
			d.proven("key_alg", "the signature verifies under "+describe(k)+`, but that says "alg":`+phrase.Quote(k.Alg)+" and the token "+d.alg.Name,
				`correct the key's "alg", or have the issuer sign with it`)
		case k.Use != "" && k.Use != "sig":
			d.proven("key_use", "the signature verifies under "+describe(k)+`, but that says "use":`+phrase.Quote(k.Use)+", not \"sig\"",
				`give the issuer's signing key; if this is it, correct its "use"`)
		case saysNo(k):
			d.proven("key_ops", "the signature verifies under "+describe(k)+`, but its "key_ops" do not list "verify"`,
				`correct the key's "key_ops"`)
		default: // a key that nobody may use, whatever it says: Fits tells
			d.told = true
		}
	}
	for _, k := range d.other {
		if sameKind(k, d.alg) && d.try(d.alg, d.input, d.token.Signature, k.VerificationMaterial()) {
			d.proven("other_key", "the signature verifies under another key, "+describe(k)+": the token's kid does not name it",
				"if you trust that key for this token, give it by itself: --key FILE")
		}
	}
	d.chains()
}

// chains tries the other certificates of the keys' chains.
func (d *diagnosis) chains() {
	for _, k := range d.keys {
		for _, cert := range k.Certificates[min(1, len(k.Certificates)):] {
			c, err := jwk.New(cert.PublicKey)
			if err == nil && sameKind(c, d.alg) && d.try(d.alg, d.input, d.token.Signature, c.VerificationMaterial()) {
				d.proven("chain_key", "the signature verifies under another certificate of the chain, "+phrase.Quote(cert.Subject.String()),
					"give that certificate by itself: --key FILE")
				return
			}
		}
	}
}

// otherAlgorithms tries the keys with what else they can do. The header's alg is
// never overruled by it.
func (d *diagnosis) otherAlgorithms() {
	for _, k := range d.keys {
		for _, a := range jwa.For(k.Type, k.Curve) {
			if a.Name == d.alg.Name || !d.try(a, d.input, d.token.Signature, k.VerificationMaterial()) {
				continue
			}
			d.proven("other_algorithm", "the signature verifies as "+a.Name+", but the header says "+d.alg.Name,
				`the issuer must write "alg":"`+a.Name+`" into the header or sign with `+d.alg.Name)
			return
		}
		if d.otherPSS(k) || d.otherHash(k) {
			return
		}
	}
}

// saysNo reports whether the "key_ops" of the key keep it from verifying.
func saysNo(k jwk.Key) bool {
	return k.Ops != nil && !slices.Contains(k.Ops, string(jwk.OpVerify))
}

func sameKind(k jwk.Key, a jwa.Algorithm) bool { return a.Takes(k.Type, k.Curve) }

// describe names a key by its kid and where it was read.
func describe(k jwk.Key) string {
	name := "the key"
	if k.HasID {
		name = "kid " + phrase.Quote(k.ID)
	}
	if k.Source != "" {
		name += " of " + phrase.Short(k.Source)
	}
	return name
}

// observe says what can be seen without a trial that verifies.
func (d *diagnosis) observe() {
	d.observeSignature()
	if len(d.fit) == 0 && len(d.keys) > 0 {
		d.observeMismatch()
		return
	}
	kid, hasKid, _ := d.token.KeyID()
	if k := d.fit; len(k) == 1 && hasKid && k[0].HasID && k[0].ID != kid {
		d.seen("kid_differs", "the token names kid "+phrase.Quote(kid)+", the key given is "+describe(k[0])+": it may not be the issuer's key for this token",
			"give the issuer's key set: --key https://… or oidc:ISSUER")
	}
}

func (d *diagnosis) observeMismatch() {
	can := jws.AcceptedAlgs(d.keys, nil)
	what := "the key given is " + d.keys[0].Kind()
	if len(d.keys) > 1 {
		what = "none of the keys given is for it"
	}
	detail := d.alg.Name + " wants " + kindOf(d.alg) + ", " + what
	switch {
	case len(can) > 0:
		detail += ", which verifies " + strings.Join(can, ", ")
	case slices.ContainsFunc(d.keys, func(k jwk.Key) bool { return sameKind(k, d.alg) && k.Alg == "" && k.Use == "" && k.Ops == nil }):
		return // it is the key itself that is refused, and Verify says why
	case slices.ContainsFunc(d.keys, func(k jwk.Key) bool { return sameKind(k, d.alg) }):
		detail += ` that its own "alg", "use" or "key_ops" keep from it`
	default:
		detail += ", which verifies nothing"
	}
	hint := "give the issuer's public key: --key FILE, https://… or oidc:ISSUER"
	if d.alg.KeyType == "oct" {
		hint = "if the token is meant to be HMAC, give its secret: --secret @FILE"
	}
	d.seen("alg_key_mismatch", detail, hint)
}

func kindOf(a jwa.Algorithm) string {
	switch {
	case a.KeyType == "oct":
		return "a secret"
	case a.KeyType == "RSA":
		return "an RSA key"
	case a.KeyType == "EC":
		return "an EC key on " + strings.Join(a.Curves, " or ")
	case a.KeyType == "AKP":
		return "an " + a.Name + " key"
	default:
		return "an " + strings.Join(a.Curves, " or ") + " key"
	}
}

func isZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
