package jwe

import (
	"cmp"

	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// Options restrict or extend what Decrypt accepts. The zero Options are the defaults.
type Options struct {
	// Algs, unless empty, lists the only accepted values of "alg". RSA1_5 must be in it.
	Algs []string

	MaxToken    int // bytes of the whole token; 0 means jws.MaxTokenBytes
	MaxInflated int // bytes of a plaintext after "zip"; 0 means DefaultMaxInflated
}

// DefaultMaxInflated is the maximum size of a decompressed plaintext, in bytes.
const DefaultMaxInflated = 250000

// maxIterations limits the PBKDF2 work of one Decrypt over all passwords, because the token
// chooses the iterations.
const maxIterations = 10 * MaxP2C

// A Decrypted is a token that one of the caller's keys decrypted. It proves nothing about the
// author, and a token inside it is not verified. The zero Decrypted holds nothing.
type Decrypted struct {
	token     Token
	header    header
	key       jwk.Key
	plaintext []byte
}

// Token returns the token that was decrypted.
func (d Decrypted) Token() Token { return d.token }

// Plaintext returns the bytes that were encrypted, inflated if "zip" requires it.
func (d Decrypted) Plaintext() []byte { return d.plaintext }

// Key returns the key that decrypted the token.
func (d Decrypted) Key() jwk.Key { return d.key }

// Alg returns the key management algorithm that was used.
func (d Decrypted) Alg() string { return d.header.alg.name }

// Enc returns the content encryption that was used.
func (d Decrypted) Enc() string { return d.header.enc.name }

// Nested reports whether the header declares the plaintext to be a token, which is not
// verified.
func (d Decrypted) Nested() bool { return d.token.Nested() }

// Decrypt decrypts the token with the first of the keys that can. It checks header, alg, crit,
// key and tag in that order and stops at the first failure. The limits are checked before any
// work that the header requests. A wrong key, encrypted key, ciphertext or tag gives the same
// error, so that an attacker learns nothing from it.
func (t Token) Decrypt(keys []jwk.Key, o Options) (Decrypted, error) {
	if limit := cmp.Or(o.MaxToken, jws.MaxTokenBytes); len(t.Text) > limit {
		return Decrypted{}, verdict.Errorf(verdict.TooLarge, "the token is larger than %d bytes", limit)
	}
	h, err := t.readHeader(o.Algs)
	if err != nil {
		return Decrypted{}, err
	}
	named, err := t.named(keys)
	if err != nil {
		return Decrypted{}, err
	}
	fit, err := h.fitting(named)
	if err != nil {
		return Decrypted{}, err
	}
	if n := h.p2c * len(fit); n > maxIterations {
		return Decrypted{}, verdict.Errorf(verdict.LimitExceeded, "p2c: %d iterations for each of %d passwords, %d in all are allowed", h.p2c, len(fit), maxIterations).
			Hintf("give the one password that fits")
	}
	for _, key := range fit {
		plaintext, err := t.open(h, key)
		if err != nil {
			continue
		}
		if h.zip {
			if plaintext, err = Inflate(plaintext, cmp.Or(o.MaxInflated, DefaultMaxInflated)); err != nil {
				return Decrypted{}, err
			}
		}
		return Decrypted{token: t, header: h, key: key, plaintext: plaintext}, nil
	}
	return Decrypted{}, verdict.Errorf(verdict.DecryptFailed, "the token does not decrypt: the key is wrong or the token was changed")
}

// open returns the content of the token, which is still compressed if the header has
// "zip".
func (t Token) open(h header, key jwk.Key) ([]byte, error) {
	contentKey := h.contentKey(key, t.EncryptedKey)
	return h.enc.open(contentKey, t.IV, t.Ciphertext, t.Tag, t.additionalData())
}

// Warnings returns warnings about weaknesses of the token that were accepted.
func (d Decrypted) Warnings() []verdict.Check {
	var warnings []verdict.Check
	if d.header.alg.optIn {
		warnings = append(warnings, verdict.Check{
			Name: "alg", Status: verdict.Warn, Class: verdict.LegacyAlg, Actual: d.Alg(),
			Detail: d.Alg() + " is open to padding oracles: have tokens encrypted with RSA-OAEP-256 (RFC 8725 §3.2)",
		})
	}
	if advised := d.header.alg.advisedP2C(); d.header.p2c < advised {
		warnings = append(warnings, verdict.Check{
			Name: "p2c", Status: verdict.Warn, Class: verdict.WeakKey, Expected: advised, Actual: d.header.p2c,
			Detail: "so few iterations make guessing the password cheap",
		})
	}
	return warnings
}

// AdvisedP2C returns the recommended PBKDF2 iterations for alg, and 0 if it uses no
// password.
func AdvisedP2C(alg string) int {
	a, ok := lookupAlg(alg)
	if !ok {
		return 0
	}
	return a.advisedP2C()
}

// advisedP2C returns OWASP's recommendation of 2023 for PBKDF2 with the hash of the
// algorithm, and 0 if it uses no password.
func (a algorithm) advisedP2C() int {
	switch {
	case a.family != pbes2:
		return 0
	case a.hash.Size() == 32:
		return 600000
	default:
		return 210000
	}
}
