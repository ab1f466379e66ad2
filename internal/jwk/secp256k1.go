package jwk

import (
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/verdict"
)

// secp256k1Size is the length of a coordinate and of a private key in bytes (RFC 8812
// §3.1).
const secp256k1Size = 32

// secp256k1Point reads a point (SEC 1 §2.3.4), uncompressed or compressed. It refuses
// infinity and the hybrid form of X9.62.
func secp256k1Point(b []byte) (*secp256k1.PublicKey, bool) {
	if len(b) == 0 || b[0] != 4 && b[0] != 2 && b[0] != 3 {
		return nil, false
	}
	k, err := secp256k1.ParsePubKey(b) // checks that the point is on the curve
	return k, err == nil
}

// secp256k1Number reads a private key: 32 bytes, above zero and below the order.
func secp256k1Number(b []byte) (*secp256k1.PrivateKey, bool) {
	var k secp256k1.PrivateKey
	if len(b) != secp256k1Size || k.Key.SetByteSlice(b) || k.Key.IsZero() {
		return nil, false
	}
	return &k, true
}

func ecSecp256k1(point, d []byte) (any, error) {
	public, ok := secp256k1Point(point)
	if !ok {
		return nil, invalid("the point x, y is not on the curve secp256k1")
	}
	if d == nil {
		return public, nil
	}
	private, ok := secp256k1Number(d)
	switch {
	case !ok:
		return nil, invalid("d: is out of range for secp256k1")
	case !private.PubKey().IsEqual(public):
		return nil, invalid("d: does not belong to x and y")
	}
	return private, nil
}

func (k *Key) kindOfSecp256k1(p *secp256k1.PublicKey) error {
	k.Type, k.Curve, k.bits = "EC", "secp256k1", 256
	if !p.IsOnCurve() {
		return verdict.Errorf(verdict.KeyRefused, "the point is not on the curve secp256k1")
	}
	return nil
}
