package sealed

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"jwt/internal/verdict"
)

// TestHiddenIterations checks that a key inside an encrypted part of a PKCS #12 file cannot ask for
// endless work: its iterations are visible only after the part is opened.
func TestHiddenIterations(t *testing.T) {
	encode := func(v any) []byte {
		t.Helper()
		der, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	explicitly := func(der []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: der}
	}
	tripleDES := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3} // of PKCS #12
	shrouded := encode(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: tripleDES, Parameters: asn1.RawValue{FullBytes: encode(struct {
		Salt       []byte
		Iterations int
	}{make([]byte, 8), 1 << 40})}}, make([]byte, 32)})
	bags := encode([]safeBag{{ID: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}, Value: explicitly(shrouded)}})

	sealed, err := Encrypt(bags, []byte{})
	if err != nil {
		t.Fatal(err)
	}
	var info encryptedInfo
	if _, err := asn1.Unmarshal(sealed, &info); err != nil {
		t.Fatal(err)
	}
	var content encryptedContent
	content.Info.Type = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	content.Info.Algorithm, content.Info.Data = info.Algorithm, info.Data
	parts := []contentInfo{{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}, explicitly(encode(content))}}
	file := encode(struct {
		Version int
		Safe    contentInfo
	}{3, contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, explicitly(encode(encode(parts)))}})

	if n := iterations(file, 0); n > maxIterations {
		t.Fatalf("%d iterations are visible from outside", n)
	}
	if k, err := OpenKeystore(file, ""); verdict.ClassOf(err) != verdict.LimitExceeded {
		t.Errorf("got %v and %v, want %s", k, err, verdict.LimitExceeded)
	}
}
