package jwk

import (
	"testing"

	"jwt/internal/jwa"
)

// TestAKPThumbprint uses the keys of RFC 9964 App. A.1, made from a seed of zeros. The
// "kid" of each is its thumbprint.
func TestAKPThumbprint(t *testing.T) {
	for alg, want := range map[string]string{
		"ML-DSA-44": "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o",
		"ML-DSA-65": "Suiu29qbfuaBaR4Ats-c6XQBePB_OpAxAwcTR_0KXVM",
		"ML-DSA-87": "tRn1JNIkgMsABVQBlXeDHxAIcclh-2IX0UdDEzPt5XU",
	} {
		scheme, ok := jwa.MLDSA(alg)
		if !ok {
			t.Fatalf("no parameters for %s", alg)
		}
		_, material := scheme.DeriveKey(make([]byte, 32))
		k, err := New(material)
		if err != nil || k.Thumbprint() != want || k.Alg != alg {
			t.Errorf("%s: thumbprint %s for alg %s, %v", alg, k.Thumbprint(), k.Alg, err)
		}
		if p, _ := k.Public(); p.Thumbprint() != want || p.Alg != alg {
			t.Errorf("%s: thumbprint %s of the public half", alg, p.Thumbprint())
		}
	}
}
