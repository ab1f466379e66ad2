package sealed

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"slices"
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
	var modern encryptedInfo
	if _, err := asn1.Unmarshal(sealed, &modern); err != nil {
		t.Fatal(err)
	}
	salt := []byte("saltsalt")
	old := encryptedInfo{pkix.AlgorithmIdentifier{Algorithm: tripleDES, Parameters: asn1.RawValue{FullBytes: encode(struct {
		Salt       []byte
		Iterations int
	}{salt, 2})}}, bags}
	padding := rc2BlockSize - len(bags)%rc2BlockSize
	old.Data = append(old.Data, bytes.Repeat([]byte{byte(padding)}, padding)...)
	block, err := des.NewTripleDESCipher(oldKey(bmpString(""), salt, 2, forKey, 24))
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(block, oldKey(bmpString(""), salt, 2, forIV, 8)).CryptBlocks(old.Data, old.Data)

	for name, info := range map[string]encryptedInfo{"PBES2": modern, "3DES": old} {
		var content encryptedContent
		content.Info.Type = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
		content.Info.Algorithm, content.Info.Data = info.Algorithm, info.Data
		part := contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}, explicitly(encode(content))}
		fileOf := func(parts []contentInfo) []byte {
			return encode(struct {
				Version int
				Safe    contentInfo
			}{3, contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, explicitly(encode(encode(parts)))}})
		}
		file := fileOf([]contentInfo{part})
		if err := checkWork(file, nil); err != nil {
			t.Fatalf("%s: visible from outside: %v", name, err)
		}
		if k, err := OpenKeystore(file, ""); verdict.ClassOf(err) != verdict.LimitExceeded {
			t.Errorf("%s: got %v and %v, want %s", name, k, err, verdict.LimitExceeded)
		}
		if name == "PBES2" { // 600,000 iterations each
			if err := checkWork(fileOf(slices.Repeat([]contentInfo{part}, 100)), nil); verdict.ClassOf(err) != verdict.LimitExceeded {
				t.Errorf("%s: many parts: %v, want %s", name, err, verdict.LimitExceeded)
			}
		}
	}
}

// TestRC2 has the vectors of RFC 2268 §5 whose bits are all effective.
func TestRC2(t *testing.T) {
	for _, v := range []struct{ key, plain, sealed string }{
		{"ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"},
		{"3000000000000000", "1000000000000001", "30649edf9be7d2c2"},
		{"88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"},
	} {
		key, _ := hex.DecodeString(v.key)
		sealed, _ := hex.DecodeString(v.sealed)
		block, err := newRC2(key)
		if err != nil {
			t.Fatal(err)
		}
		if block.Decrypt(sealed, sealed); hex.EncodeToString(sealed) != v.plain {
			t.Errorf("key %s: got %x, want %s", v.key, sealed, v.plain)
		}
	}
}
