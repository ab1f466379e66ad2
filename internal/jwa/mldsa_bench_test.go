package jwa

import "testing"

func BenchmarkMLDSA(b *testing.B) {
	for _, name := range []string{"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"} {
		a, _ := Lookup(name)
		key := keysFor(b, a)[0]
		sig, err := a.Sign("input", key.private, false)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("verify/"+name, func(b *testing.B) {
			for b.Loop() {
				if a.Verify("input", sig, key.public) != nil {
					b.Fatal("refused")
				}
			}
		})
		b.Run("sign/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := a.Sign("input", key.private, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
