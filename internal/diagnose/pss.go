package diagnose

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // for pssHashes
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"math/big"

	"jwt/internal/jwk"
	"jwt/internal/phrase"
)

// pssHashes lists the hashes that issuers use in RSASSA-PSS. SHA-1 is the default of Java and
// OpenSSL.
var pssHashes = [...]crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA1}

// otherPSS tries RSASSA-PSS with parameters that RFC 7518 §3.5 does not allow: another hash,
// another hash in MGF1, a salt of another length.
func (d *diagnosis) otherPSS(k jwk.Key) bool {
	key, ok := k.VerificationMaterial().(*rsa.PublicKey)
	if !ok || d.alg.KeyType != "RSA" || !d.afford(key, len(pssHashes)*len(d.input)) {
		return false
	}
	encoded := recoverPSS(key, d.token.Signature)
	for _, hash := range append([]crypto.Hash{d.alg.Hash}, pssHashes[:]...) {
		sum := digest(hash, d.input)
		for _, mask := range pssHashes {
			if salt, ok := encoded.verify(hash, mask, sum); ok {
				d.foundPSS(hash, mask, salt)
				return true
			}
		}
	}
	return false
}

// foundPSS adds the cause for the parameters under which the signature verifies.
func (d *diagnosis) foundPSS(hash, mask crypto.Hash, salt int) {
	as, want := "the signature verifies as RSASSA-PSS with "+hash.String(), d.alg.Hash
	switch {
	case hash != want:
		d.proven("pss_hash", as+", but the header says "+d.alg.Name, "the issuer must sign with "+want.String()+" (RFC 7518 §3.5)")
	case mask != want:
		d.proven("pss_mgf1", as+" whose MGF1 is with "+mask.String()+", not with "+want.String(),
			"the issuer must set MGF1 too: in Java MGF1ParameterSpec."+javaName(want)+" (RFC 7518 §3.5)")
	default:
		d.proven("pss_salt", fmt.Sprintf("%s and a salt of %s, not of %d", as, phrase.Count(salt, "byte"), want.Size()),
			"the issuer's salt must be as long as the hash (RFC 7518 §3.5)")
	}
}

func javaName(h crypto.Hash) string { return fmt.Sprintf("SHA%d", 8*h.Size()) }

// A pssEncoding is the encoded message of a signature (RFC 8017 §9.1).
type pssEncoding struct {
	message []byte
	unused  int // bits of the first byte
}

// recoverPSS applies the public key to the signature (RFC 8017 §8.1.2).
func recoverPSS(key *rsa.PublicKey, sig []byte) pssEncoding {
	s := new(big.Int).SetBytes(sig)
	bits := key.N.BitLen() - 1
	if len(sig) != key.Size() || s.Cmp(key.N) >= 0 {
		return pssEncoding{}
	}
	m := s.Exp(s, big.NewInt(int64(key.E)), key.N)
	size := (bits + 7) / 8
	if m.BitLen() > bits {
		return pssEncoding{}
	}
	return pssEncoding{m.FillBytes(make([]byte, size)), 8*size - bits}
}

// verify implements EMSA-PSS-VERIFY (RFC 8017 §9.1.2) with any hash in MGF1 and a salt of any
// length, which it returns.
func (e pssEncoding) verify(hash, mask crypto.Hash, sum []byte) (salt int, ok bool) {
	n := len(e.message) - hash.Size() - 1
	if n < 1 || e.message[len(e.message)-1] != 0xbc {
		return 0, false
	}
	h := e.message[n : n+hash.Size()]
	db := mgf1(mask, h, n)
	subtle.XORBytes(db, db, e.message[:n])
	db[0] &= 0xff >> e.unused
	rest := bytes.TrimLeft(db, "\x00")
	if len(rest) == 0 || rest[0] != 1 {
		return 0, false
	}
	w := hash.New()
	w.Write(make([]byte, 8))
	w.Write(sum)
	w.Write(rest[1:])
	return len(rest) - 1, bytes.Equal(w.Sum(nil), h)
}

// mgf1 implements the mask generation function of RFC 8017 App. B.2.1.
func mgf1(hash crypto.Hash, seed []byte, size int) []byte {
	var mask []byte
	for i := uint32(0); len(mask) < size; i++ {
		w := hash.New()
		w.Write(seed)
		w.Write(binary.BigEndian.AppendUint32(nil, i))
		mask = w.Sum(mask)
	}
	return mask[:size]
}
