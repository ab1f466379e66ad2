package jwe

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"encoding/binary"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A curve is one of the curves of ECDH-ES (RFC 7518 §4.6, RFC 8037 §3.2).
type curve struct {
	kty, crv string
	ecdh     func() ecdh.Curve
	bytes    int // of one coordinate
}

var curves = [...]curve{
	{"EC", "P-256", ecdh.P256, 32},
	{"EC", "P-384", ecdh.P384, 48},
	{"EC", "P-521", ecdh.P521, 66},
	{"OKP", "X25519", ecdh.X25519, 32},
}

func lookupCurve(kty, crv string) (curve, bool) {
	for _, c := range curves {
		if c.kty == kty && c.crv == crv {
			return c, true
		}
	}
	return curve{}, false
}

// readEPK reads the sender's ephemeral public key. It refuses a point that is not on the
// curve, with which an attacker could learn the private key (RFC 8725 §3.4).
func readEPK(o jsonobject.Object) (curve, *ecdh.PublicKey, error) {
	const spec = "RFC 7518 §4.6.1.1"
	v, ok := o.Get("epk")
	if !ok {
		return curve{}, nil, verdict.Errorf(verdict.Malformed, "epk: the header has none, ECDH-ES needs one (%s)", spec)
	}
	key, ok := v.Object()
	if !ok {
		return curve{}, nil, verdict.Errorf(verdict.Malformed, "epk: is of type %s, must be a JWK (%s)", v.KindName(), spec)
	}
	if _, ok := key.Get("d"); ok {
		return curve{}, nil, verdict.Errorf(verdict.Malformed, "epk: has a private member, must be a public key (%s)", spec)
	}
	kty, _ := key.Text("kty")
	crv, _ := key.Text("crv")
	c, ok := lookupCurve(kty, crv)
	if !ok {
		return curve{}, nil, verdict.Errorf(verdict.Malformed, `epk: has "kty":%s and "crv":%s, want EC on P-256, P-384 or P-521, or OKP on X25519`, phrase.Quote(kty), phrase.Quote(crv))
	}
	point, ok := c.point(key)
	if !ok {
		return curve{}, nil, verdict.Errorf(verdict.Malformed, "epk: a coordinate on %s is %d bytes in base64url (RFC 7518 §6.2.1)", crv, c.bytes)
	}
	public, err := c.ecdh().NewPublicKey(point)
	if err != nil {
		return curve{}, nil, verdict.Errorf(verdict.Malformed, "epk: the point is not on %s", crv)
	}
	return c, public, nil
}

// point returns the key's coordinates in the form that crypto/ecdh reads.
func (c curve) point(key jsonobject.Object) ([]byte, bool) {
	x, ok := c.coordinate(key, "x")
	if !ok || c.kty == "OKP" {
		return x, ok
	}
	y, ok := c.coordinate(key, "y")
	return append(append([]byte{4}, x...), y...), ok
}

func (c curve) coordinate(key jsonobject.Object, name string) ([]byte, bool) {
	s, ok := key.Text(name)
	if !ok {
		return nil, false
	}
	b, err := base64url.Decode(s)
	return b, err == nil && len(b) == c.bytes
}

// epk returns the JWK of a public key on c.
func (c curve) epk(public *ecdh.PublicKey) jsonobject.Value {
	b := public.Bytes()
	jwk := `{"kty":"` + c.kty + `","crv":"` + c.crv + `","x":"`
	if c.kty == "OKP" {
		return jsonobject.Value(jwk + base64url.Encode(b) + `"}`)
	}
	x, y := b[1:1+c.bytes], b[1+c.bytes:]
	return jsonobject.Value(jwk + base64url.Encode(x) + `","y":"` + base64url.Encode(y) + `"}`)
}

// privateECDH returns the private key of crypto/ecdsa or crypto/ecdh as a key of
// crypto/ecdh.
func privateECDH(material any) (*ecdh.PrivateKey, error) {
	if k, ok := material.(*ecdsa.PrivateKey); ok {
		return k.ECDH()
	}
	return material.(*ecdh.PrivateKey), nil
}

func publicECDH(material any) (*ecdh.PublicKey, error) {
	if k, ok := material.(*ecdsa.PublicKey); ok {
		return k.ECDH()
	}
	return material.(*ecdh.PublicKey), nil
}

// agreed returns the key that both sides derive (RFC 7518 §4.6.2): the content encryption
// key, or the wrapping key if alg wraps.
func (h header) agreed(private *ecdh.PrivateKey, public *ecdh.PublicKey) ([]byte, error) {
	z, err := private.ECDH(public) // refuses the points for which X25519 returns only zeros
	if err != nil {
		return nil, err
	}
	id, size := h.alg.name, h.alg.kek
	if size == 0 {
		id, size = h.enc.name, h.enc.key
	}
	bits := binary.BigEndian.AppendUint32(nil, uint32(size)*8)
	kdf := josecipher.NewConcatKDF(crypto.SHA256, z, prefixed([]byte(id)), prefixed(h.apu), prefixed(h.apv), bits, nil)
	key := make([]byte, size)
	_, err = kdf.Read(key)
	return key, err
}

// prefixed returns b after its length in 32 bits, as the KDF requires.
func prefixed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}
