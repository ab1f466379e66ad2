package jwk

import (
	"crypto/ecdsa"
	"crypto/elliptic"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// isPoint reports whether data is an uncompressed point. No other bytes happen to be one, but a
// secret may look like a compressed one.
func isPoint(data []byte) bool {
	if len(data) == 33 {
		return false
	}
	_, err := ecPoint(data)
	return err == nil
}

// pointKey reads a bare point on a curve (SEC 1 §2.3.3), as Web Push writes a public key (RFC
// 8292 §3.2): uncompressed, or compressed on P-256.
func pointKey(point []byte) (Key, bool) {
	material, err := ecPoint(point)
	if err != nil {
		return Key{}, false
	}
	k, err := New(material)
	k.Format = "EC point"
	return k, err == nil
}

func ecPoint(point []byte) (*ecdsa.PublicKey, error) {
	switch len(point) {
	case 33:
		return compressedPoint(elliptic.P256(), point)
	case 65:
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	case 97:
		return ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
	case 133:
		return ecdsa.ParseUncompressedPublicKey(elliptic.P521(), point)
	}
	return nil, verdict.Errorf(verdict.KeyRefused, "the length is not that of a point")
}

// compressedPoint reads a point of which only the sign of y is given.
func compressedPoint(curve elliptic.Curve, point []byte) (*ecdsa.PublicKey, error) {
	size := (curve.Params().BitSize + 7) / 8
	if len(point) != 1+size {
		return nil, verdict.Errorf(verdict.KeyRefused, "a compressed point on %s has %d bytes, not %d", curve.Params().Name, 1+size, len(point))
	}
	x, y := elliptic.UnmarshalCompressed(curve, point)
	if x == nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "the point is not on %s", curve.Params().Name)
	}
	full := make([]byte, 1+2*size)
	full[0] = 4
	x.FillBytes(full[1 : 1+size])
	y.FillBytes(full[1+size:])
	return ecdsa.ParseUncompressedPublicKey(curve, full)
}

// vapidPair reads {"publicKey":"B…","privateKey":"…"}, as tools for Web Push write a key pair.
func vapidPair(o jsonobject.Object) (Key, bool, error) {
	publicText, _ := o.Text("publicKey")
	privateText, _ := o.Text("privateKey")
	point, err := base64url.Decode(publicText)
	scalar, err2 := base64url.Decode(privateText)
	if err != nil || err2 != nil || len(point) != 65 || len(scalar) != 32 {
		return Key{}, false, nil
	}
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		return Key{}, true, verdict.Errorf(verdict.KeyRefused, "privateKey: is not a private key on P-256")
	}
	if own, err := private.PublicKey.Bytes(); err != nil || string(own) != string(point) {
		return Key{}, true, verdict.Errorf(verdict.KeyRefused, "privateKey: is not the private half of publicKey")
	}
	k, err := New(private)
	k.Format = "EC point"
	return k, true, err
}
