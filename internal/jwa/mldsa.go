package jwa

import (
	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	"github.com/golang-jwt/jwt/v5"
)

// mlDSA implements ML-DSA of FIPS 204 with one parameter set and an empty context (RFC 9964 §5).
type mlDSA struct {
	scheme        func() sign.Scheme
	deterministic bool // FIPS 204 §3.4: no fresh randomness in signing
}

// MLDSA returns the parameter set with that name, which is also the "alg" of its keys.
func MLDSA(name string) (sign.Scheme, bool) {
	a, _ := Lookup(name)
	m, ok := a.method.(mlDSA)
	if !ok {
		return nil, false
	}
	return m.scheme(), true
}

func (m mlDSA) Alg() string { return m.scheme().Name() }

func (m mlDSA) Verify(input string, sig []byte, key any) error {
	k, ok := key.(sign.PublicKey)
	switch {
	case !ok:
		return jwt.ErrInvalidKeyType
	case k.Scheme() != m.scheme():
		return jwt.ErrInvalidKey
	case !m.scheme().Verify(k, []byte(input), sig, nil):
		return jwt.ErrSignatureInvalid
	}
	return nil
}

// Sign does not use Scheme.Sign, which is always deterministic.
func (m mlDSA) Sign(input string, key any) ([]byte, error) {
	sig := make([]byte, m.scheme().SignatureSize())
	msg, hedged := []byte(input), !m.deterministic
	k, ok := key.(sign.PrivateKey)
	switch {
	case !ok:
		return nil, jwt.ErrInvalidKeyType
	case k.Scheme() != m.scheme():
		return nil, jwt.ErrInvalidKey
	}
	var err error
	switch k := key.(type) {
	case *mldsa44.PrivateKey:
		err = mldsa44.SignTo(k, msg, nil, hedged, sig)
	case *mldsa65.PrivateKey:
		err = mldsa65.SignTo(k, msg, nil, hedged, sig)
	case *mldsa87.PrivateKey:
		err = mldsa87.SignTo(k, msg, nil, hedged, sig)
	}
	return sig, err
}
