// Package diagnose explains why a signature does not verify, by trying what issuers are
// known to get wrong. It accepts nothing: a cause is never a reason to accept a token.
package diagnose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	circl "github.com/cloudflare/circl/sign"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
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

	// Proven is true if a trial verified. Otherwise the detail is an observation about the
	// token and the keys, and is worded as one.
	Proven bool
}

// Bounds on the work of one diagnosis, so that neither many keys nor a large token makes it
// slow. The budget is in microseconds as estimated by cost.
const (
	maxDiagnosedKeys = 32
	diagnosisBudget  = 1_000_000
)

// An Outcome is how the trials on a token ended. The zero Outcome is that of none.
type Outcome struct {
	Proved int  // the trial that proved a cause, counted from 1; 0 for none
	Vain   bool // make no trial: they proved nothing for many tokens like this
}

// SignatureAfter returns the causes why Verify failed under these keys with signature_invalid,
// key_mismatch, key_refused or key_not_found. The trial that proved the cause of the last token with
// the same header comes first. texts are the sources of the keys as read, if the caller has them: an
// issuer may have used one as an HMAC secret.
func SignatureAfter(last Outcome, t jws.Token, keys []jwk.Key, texts ...[]byte) ([]Cause, Outcome) {
	name, _ := t.Alg()
	alg, ok := jwa.Lookup(name)
	if !ok || t.Misspelled() {
		return nil, Outcome{}
	}
	d := newDiagnosis(t, alg, keys, texts)
	if len(t.Signature) > 0 && !last.Vain {
		for _, trial := range order(last.Proved) {
			if trials[trial-1](d); len(d.causes) > 0 || d.done {
				return d.causes, Outcome{Proved: trial}
			}
		}
	}
	d.observe()
	return d.causes, Outcome{}
}

// trials lists what is tried, in order.
var trials = []func(*diagnosis){
	(*diagnosis).otherKeys, (*diagnosis).otherSecrets, (*diagnosis).keyTextAsSecret,
	(*diagnosis).otherEncodings, (*diagnosis).otherAlgorithms, (*diagnosis).otherInputs,
}

// order returns the numbers of the trials, with first before the others.
func order(first int) []int {
	numbers := make([]int, 0, len(trials)+1)
	if first > 0 {
		numbers = append(numbers, first)
	}
	for i := range trials {
		if i+1 != first {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

type diagnosis struct {
	token jws.Token
	alg   jwa.Algorithm
	input string // the signing input
	texts [][]byte

	keys  []jwk.Key // allowed by the token's kid
	fit   []jwk.Key // those of keys that Verify tried
	other []jwk.Key // excluded by the token's kid

	budget int
	causes []Cause
	done   bool // the message of Verify says it all
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

// proven adds a cause that a trial verified.
func (d *diagnosis) proven(id, detail, hint string) {
	d.causes = append(d.causes, Cause{ID: id, Detail: detail, Hint: hint, Proven: true})
}

// seen adds an observation.
func (d *diagnosis) seen(id, detail, hint string) {
	d.causes = append(d.causes, Cause{ID: id, Detail: detail, Hint: hint})
}

// try verifies within the budget.
func (d *diagnosis) try(alg jwa.Algorithm, input string, sig []byte, material any) bool {
	return d.afford(material, len(input)) && alg.Verify(input, sig, material) == nil
}

// afford takes the cost of one trial from the budget and reports whether there was enough left.
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

// otherKeys tries the keys that Verify did not: those that the kid excludes, those that are
// for something else by their own members, and the rest of a certificate chain.
func (d *diagnosis) otherKeys() {
	for _, k := range d.keys {
		if !sameKind(k, d.alg) || k.CanVerify(d.alg) || !d.try(d.alg, d.input, d.token.Signature, k.VerificationMaterial()) {
			continue
		}
		d.refusedKey(k)
	}
	for _, k := range d.other {
		if sameKind(k, d.alg) && d.try(d.alg, d.input, d.token.Signature, k.VerificationMaterial()) {
			d.proven("other_key", "the signature verifies under another key, "+describe(k)+": the token's kid does not name it",
				"if you trust that key for this token, give it by itself: --key FILE")
		}
	}
	d.chains()
}

// refusedKey adds the reason why Verify did not use a key under which the signature verifies.
func (d *diagnosis) refusedKey(k jwk.Key) {
	switch {
	case k.Alg != "" && k.Alg != d.alg.Name:
		hint := `correct the key's "alg", or have the issuer sign with it`
		if _, signs := jwa.Lookup(k.Alg); !signs {
			hint = `"alg":` + phrase.Quote(k.Alg) + ` does not sign: give the issuer's signing key; if this is it, correct its "alg"`
		}
		d.proven("key_alg", "the signature verifies under "+describe(k)+`, but that says "alg":`+phrase.Quote(k.Alg)+" and the token "+d.alg.Name, hint)
	case k.Use != "" && k.Use != "sig" && k.Use != "jwt-svid":
		d.proven("key_use", "the signature verifies under "+describe(k)+`, but that says "use":`+phrase.Quote(k.Use)+", not \"sig\"",
			`give the issuer's signing key; if this is it, correct its "use"`)
	case excludesVerify(k):
		d.proven("key_ops", "the signature verifies under "+describe(k)+`, but its "key_ops" do not list "verify"`,
			`correct the key's "key_ops"`)
	default: // a key that must not be used at all, for a reason that Verify gives
		d.done = true
	}
}

// chains tries the other certificates of each key's chain.
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

// otherAlgorithms tries the keys with their other algorithms. That never overrules the alg of
// the header.
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

// excludesVerify reports whether the key has "key_ops" without "verify".
func excludesVerify(k jwk.Key) bool {
	return k.Ops != nil && !slices.Contains(k.Ops, string(jwk.OpVerify))
}

func sameKind(k jwk.Key, a jwa.Algorithm) bool { return a.Takes(k.Type, k.Curve) }

// describe names a key by its kid and its source.
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

// observe reports what can be seen without a trial that verifies.
func (d *diagnosis) observe() {
	if d.anchor() {
		return
	}
	d.observeSecret()
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

// observeSecret reports a secret that is recognisably something else.
func (d *diagnosis) observeSecret() {
	for _, k := range d.keys {
		secret, _ := k.Material().([]byte)
		switch text := string(secret); {
		case secret == nil || d.alg.KeyType != "oct":
		case compact.Looks(text):
			d.seen("secret_is_token", "the secret given is itself a token",
				"give the secret that signs the issuer's tokens: Supabase, for one, calls it the JWT secret and not a key")
		case d.publicName(text) != "":
			d.seen("secret_is_name", "the secret given is the "+d.publicName(text)+" of the token: a name that everybody can read", "give the secret that belongs to that name")
		case isSetting(text):
			d.seen("secret_is_placeholder", "the secret given is "+text+" itself, a placeholder that was never filled in", "give the value that it stands for: --secret env:NAME or @FILE")
		}
	}
}

// publicName returns the name of the member of the token that has a text: platforms write the
// public half of a pair of key and secret there.
func (d *diagnosis) publicName(text string) string {
	if kid, _, _ := d.token.KeyID(); kid == text {
		return "kid"
	}
	start, _, _ := strings.Cut(text, "/") // which PHP escapes
	if !bytes.Contains(d.token.Payload, []byte(start)) {
		return "" // without reading the claims of each token of a batch
	}
	claims, _ := jsonobject.Parse(d.token.Payload)
	for _, name := range [...]string{"iss", "appKey", "sdkKey"} {
		if v, ok := claims.Get(name); ok {
			if value, _ := v.Text(); value == text {
				return name
			}
		}
	}
	return ""
}

// anchor reports that the key given is that of an issuer in the token's own certificate
// chain, whose first certificate has the key that signed.
func (d *diagnosis) anchor() bool {
	v, _ := d.token.Header.Get("x5c")
	texts, _ := v.Texts()
	const longest = 16
	for i := 1; i < len(texts) && i < longest; i++ {
		der, err := base64.StdEncoding.DecodeString(texts[i])
		if err != nil {
			continue
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		of, err := jwk.New(cert.PublicKey)
		if err != nil || !slices.ContainsFunc(d.keys, func(k jwk.Key) bool { return k.Thumbprint() == of.Thumbprint() }) {
			continue
		}
		which := "certificate " + strconv.Itoa(i+1)
		if i == len(texts)-1 {
			which = "the last certificate"
		}
		d.seen("chain_anchor", "the key given is that of "+which+" of the token's x5c, which issues certificates; the signing key is in the first",
			"check the chain to the certificate you trust, then give the signer's: jwt decode --header TOKEN | jq -r '.x5c[0]' | jwt verify TOKEN --key -")
		return true
	}
	return false
}

// observeMismatch reports that no key is for the token's algorithm.
func (d *diagnosis) observeMismatch() {
	can := jws.AcceptedAlgs(d.keys, nil)
	what := "the key given is " + d.keys[0].Kind()
	if len(d.keys) > 1 {
		what = "none of the given keys is for it"
	}
	detail := d.alg.Name + " wants " + kindOf(d.alg) + ", " + what
	switch {
	case len(can) > 0:
		detail += ", which verifies " + strings.Join(can, ", ")
	case slices.ContainsFunc(d.keys, func(k jwk.Key) bool { return sameKind(k, d.alg) && k.Alg == "" && k.Use == "" && k.Ops == nil }):
		return // the key itself is refused, for a reason that Verify gives
	case slices.ContainsFunc(d.keys, func(k jwk.Key) bool { return sameKind(k, d.alg) }):
		detail += `, whose own "alg", "use" or "key_ops" forbid it`
	default:
		detail += ", which verifies nothing"
	}
	hint := "give the issuer's public key: --key FILE, https://… or oidc:ISSUER"
	if d.alg.KeyType == "oct" {
		hint = "if the token is meant to be HMAC, give its secret: --secret @FILE"
	}
	d.seen("alg_key_mismatch", detail, hint)
}

// kindOf names the kind of key that an algorithm requires.
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
