package diagnose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
)

// A reading is another signature that the given bytes may encode.
type reading struct {
	id   string
	when string // ends "the signature verifies …"
	hint string
	sig  []byte
}

// otherEncodings tries the wrong encodings of signatures that issuers are known to use.
func (d *diagnosis) otherEncodings() {
	sig := d.token.Signature
	for _, k := range d.fit {
		size := d.signatureSize(k)
		for _, r := range readings(sig, d.alg.KeyType, size) {
			if len(r.sig) == size && !bytes.Equal(r.sig, sig) && d.try(d.alg, d.input, r.sig, k.VerificationMaterial()) {
				d.proven(r.id, "the signature verifies "+r.when, r.hint)
				return
			}
		}
		if d.truncatedMAC(k) {
			return
		}
	}
}

// signatureSize returns the length in bytes of a signature by the token's algorithm under the
// key.
func (d *diagnosis) signatureSize(k jwk.Key) int {
	if n := d.alg.SignatureSize(k.Curve); n > 0 {
		return n
	}
	return (k.Bits() + 7) / 8 // RSA
}

// readings returns the signatures that the bytes may encode.
func readings(sig []byte, keyType string, size int) []reading {
	var found []reading
	if b, err := hex.DecodeString(string(sig)); err == nil {
		found = append(found, reading{"signature_hex", "when it is hex-decoded: it was Base64URL-encoded as hex text", "the issuer must encode the signature's bytes, not their hex", b})
	}
	if b, err := hex.DecodeString(base64url.Encode(sig)); err == nil {
		found = append(found, reading{"signature_hex", "when it is hex-decoded: it is hex text in the token", "the issuer must Base64URL-encode the signature's bytes, not write their hex", b})
	}
	if b, _, err := base64url.DecodeLax(string(sig)); err == nil {
		found = append(found, reading{"signature_base64", "when it is Base64-decoded once more: it was encoded twice", "the issuer must Base64URL-encode the signature once", b})
	}
	if extra := len(sig) - size; extra > 0 {
		found = append(found,
			reading{"signature_long", fmt.Sprintf("without its last %s: something was appended", phrase.Count(extra, "byte")), "", sig[:size]},
			reading{"signature_long", fmt.Sprintf("without its first %s: something was put before it", phrase.Count(extra, "byte")), "", sig[extra:]},
		)
	}
	switch keyType {
	case "RSA":
		found = append(found, reading{"signature_little_endian", "when its bytes are reversed: it is little-endian", "the issuer must write the signature big-endian (RFC 8017 §4.1)", reversed(sig)})
		if len(sig) < size {
			found = append(found, reading{"signature_unpadded", "with the zeros before it that were dropped", fmt.Sprintf("the issuer must keep the signature's leading zeros: %d bytes (RFC 7518 §3.3)", size), padded(sig, size)})
		}
	case "EC":
		found = append(found, ecdsaReadings(sig, size/2)...)
	}
	return found
}

// ecdsaReadings returns the readings of r‖s, each of n bytes (RFC 7518 §3.4).
func ecdsaReadings(sig []byte, n int) []reading {
	var found []reading
	add := func(id, when, hint string, r, s []byte) {
		if r, s = bytes.TrimLeft(r, "\x00"), bytes.TrimLeft(s, "\x00"); len(r) <= n && len(s) <= n {
			found = append(found, reading{id, when, hint, slices.Concat(padded(r, n), padded(s, n))})
		}
	}
	var der struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &der); err == nil {
		add("signature_der", fmt.Sprintf("when its ASN.1 DER is unpacked: it must be r‖s, %d bytes (RFC 7518 §3.4)", 2*n),
			`the issuer must write r‖s (Node.js: dsaEncoding "ieee-p1363"; Java: …inP1363Format)`, der.R.Bytes(), der.S.Bytes())
	}
	if half := len(sig) / 2; len(sig)%2 == 0 {
		r, s := sig[:half], sig[half:]
		if half != n {
			add("signature_padded", fmt.Sprintf("when r and s are %d bytes each, not %d", n, half),
				fmt.Sprintf("the issuer must write r and s in %d bytes each (RFC 7518 §3.4)", n), r, s)
		}
		add("signature_swapped", "when r and s are swapped", "the issuer must write r before s (RFC 7518 §3.4)", s, r)
		add("signature_little_endian", "when the bytes of r and s are reversed: they are little-endian",
			"the issuer must write r and s big-endian (RFC 7518 §3.4)", reversed(r), reversed(s))
	}
	const dropped = 4 // leading zeros: more do not occur by chance
	if missing := 2*n - len(sig); missing > 0 && missing <= dropped {
		for cut := n - missing; cut <= n; cut++ {
			add("signature_unpadded", "with the zeros before r or s that were dropped",
				fmt.Sprintf("the issuer must write r and s in %d bytes each (RFC 7518 §3.4)", n), sig[:cut], sig[cut:])
		}
	}
	return found
}

// truncatedMAC compares a MAC that is too short with the start of the right one. It needs at
// least 8 bytes: fewer prove nothing, and would help an attacker who guesses byte by byte.
func (d *diagnosis) truncatedMAC(k jwk.Key) bool {
	const enough = 8
	sig := d.token.Signature
	if d.alg.KeyType != "oct" || len(sig) < enough || len(sig) >= d.alg.SignatureSize("") || !d.afford(k.Material(), len(d.input)) {
		return false
	}
	mac, err := d.alg.Sign(d.input, k.Material(), false)
	if err != nil || !bytes.HasPrefix(mac, sig) {
		return false
	}
	d.proven("signature_cut", fmt.Sprintf("the signature is the first %s of the right one, which has %d: it was cut", phrase.Count(len(sig), "byte"), len(mac)),
		"copy the token whole")
	return true
}

// otherHash tries RSA with SHA-1, and ECDSA with the hash of another curve.
func (d *diagnosis) otherHash(k jwk.Key) bool {
	sig := d.token.Signature
	if key, ok := k.VerificationMaterial().(*rsa.PublicKey); ok {
		if !d.afford(key, len(d.input)) || rsa.VerifyPKCS1v15(key, crypto.SHA1, digest(crypto.SHA1, d.input), sig) != nil {
			return false
		}
		d.proven("other_hash", "the signature verifies as RSASSA-PKCS1-v1_5 with SHA-1, but the header says "+d.alg.Name,
			"the issuer must name the hash: PHP's openssl_sign takes SHA-1 without OPENSSL_ALGO_SHA256")
		return true
	}
	key, ok := k.VerificationMaterial().(*ecdsa.PublicKey)
	if !ok || len(sig)%2 != 0 || len(sig) > 256 {
		return false
	}
	r, s := new(big.Int).SetBytes(sig[:len(sig)/2]), new(big.Int).SetBytes(sig[len(sig)/2:])
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if !d.afford(key, len(d.input)) || !ecdsa.Verify(key, digest(h, d.input), r, s) {
			continue
		}
		d.proven("other_hash", "the signature verifies as ECDSA on "+k.Curve+" with "+h.String()+", but the header says "+d.alg.Name,
			"the issuer must sign with the hash and the curve of one algorithm (RFC 7518 §3.4)")
		return true
	}
	return false
}

// observeSignature reports what the bytes of the signature alone show.
func (d *diagnosis) observeSignature() {
	sig := d.token.Signature
	switch {
	case len(sig) == 0:
		d.seen("signature_empty", "the token ends where its signature should begin: it was cut off or never made", "copy the token whole")
		return
	case d.token.Segments()[1] == "":
		d.seen("payload_detached", "the payload is missing (header..signature): a detached JWS (RFC 7515 App. F), whose payload is sent beside it",
			"give the exact body, byte for byte: --payload-file FILE")
		return
	case isZero(sig):
		d.seen("signature_blank", "the signature is all zeros, which no key makes", "")
		return
	}
	if sizes := d.signatureSizes(); len(sizes) > 0 && !slices.Contains(sizes, len(sig)) {
		d.observeLength(sizes)
	}
}

// signatureSizes returns the lengths of signatures under the keys, or by the algorithm.
func (d *diagnosis) signatureSizes() []int {
	var sizes []int
	for _, k := range d.fit {
		if n := d.signatureSize(k); !slices.Contains(sizes, n) {
			sizes = append(sizes, n)
		}
	}
	if len(sizes) == 0 {
		return d.alg.SignatureSizes
	}
	return sizes
}

// observeLength reports a signature with none of the expected lengths.
func (d *diagnosis) observeLength(sizes []int) {
	sig := d.token.Signature
	detail := fmt.Sprintf("the signature is %s, %s makes %d", phrase.Count(len(sig), "byte"), d.alg.Name, sizes[0])
	otherCurve := slices.Index(d.alg.SignatureSizes, len(sig)) // of EdDSA
	switch {
	case otherCurve >= 0:
		d.seen("signature_length", fmt.Sprintf("%s under this key: it is as long as one by an %s key", detail, d.alg.Curves[otherCurve]), "give the issuer's key: --key FILE, https://… or oidc:ISSUER")
	case d.alg.KeyType == "RSA" && len(sig)%128 == 0:
		d.seen("signature_length", fmt.Sprintf("%s under this key: it may be from a key of %d bits", detail, 8*len(sig)), "give the issuer's key: --key FILE, https://… or oidc:ISSUER")
	case len(sig) < slices.Min(sizes):
		d.seen("signature_length", detail+": it looks truncated", "copy the token whole")
	case slices.Contains([]int{256, 384, 512}, len(sig)):
		d.seen("signature_length", fmt.Sprintf("%s: it is as long as one by an RSA key of %d bits", detail, 8*len(sig)), "")
	default:
		d.seen("signature_length", detail+": something may have been appended", "copy the token alone")
	}
}

func digest(h crypto.Hash, input string) []byte {
	w := h.New()
	w.Write([]byte(input))
	return w.Sum(nil)
}

func reversed(b []byte) []byte {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return b
}

// padded returns b with zeros before it, n bytes long; b must not be longer.
func padded(b []byte, n int) []byte {
	return append(make([]byte, n-len(b), n), b...)
}
