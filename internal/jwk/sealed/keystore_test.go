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

	"jwt/internal/asn1der"
	"jwt/internal/verdict"
)

// TestHiddenIterations checks that a key inside an encrypted part of a PKCS #12 file cannot ask for
// endless work: its iterations are visible only after the part is opened.
func TestHiddenIterations(t *testing.T) {
	tripleDES := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3} // of PKCS #12
	shrouded := encode(t, struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: tripleDES, Parameters: asn1.RawValue{FullBytes: encode(t, struct {
		Salt       []byte
		Iterations int
	}{make([]byte, 8), 1 << 40})}}, make([]byte, 32)})
	bags := encode(t, []safeBag{{ID: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}, Value: explicitly(shrouded)}})

	sealed, err := Encrypt(bags, []byte{})
	if err != nil {
		t.Fatal(err)
	}
	var modern encryptedInfo
	if _, err := asn1.Unmarshal(sealed, &modern); err != nil {
		t.Fatal(err)
	}
	salt := []byte("saltsalt")
	old := encryptedInfo{pkix.AlgorithmIdentifier{Algorithm: tripleDES, Parameters: asn1.RawValue{FullBytes: encode(t, struct {
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
		part := contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}, explicitly(encode(t, content))}
		file := fileOf(t, []contentInfo{part})
		if err := checkWork(file, nil); err != nil {
			t.Fatalf("%s: visible from outside: %v", name, err)
		}
		if k, err := OpenKeystore(file, ""); verdict.ClassOf(err) != verdict.LimitExceeded {
			t.Errorf("%s: got %v and %v, want %s", name, k, err, verdict.LimitExceeded)
		}
		if name == "PBES2" { // 600,000 iterations each
			if err := checkWork(fileOf(t, slices.Repeat([]contentInfo{part}, 100)), nil); verdict.ClassOf(err) != verdict.LimitExceeded {
				t.Errorf("%s: many parts: %v, want %s", name, err, verdict.LimitExceeded)
			}
		}
	}
}

// TestWorkOfParts checks that the parts of a PKCS #12 file cannot ask for endless work by scrypt, whose
// cost is not its number of iterations.
func TestWorkOfParts(t *testing.T) {
	scrypt, _ := asn1.Marshal(scryptParams{Salt: make([]byte, 8), N: 2, R: maxScryptMemory / 128 / 2, P: maxScryptP})
	pbes2, _ := asn1.Marshal(pbes2Params{
		KDF:    pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}, Parameters: asn1.RawValue{FullBytes: scrypt}},
		Cipher: asn1der.AlgorithmID(aes256CBCID, make([]byte, 16)),
	})
	var content encryptedContent
	content.Info.Type = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	content.Info.Algorithm = pkix.AlgorithmIdentifier{Algorithm: pbes2ID, Parameters: asn1.RawValue{FullBytes: pbes2}}
	content.Info.Data = make([]byte, 32)
	part := contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}, explicitly(encode(t, content))}
	for name, parts := range map[string]int{"one": 1, "many": 1000} {
		file := fileOf(t, slices.Repeat([]contentInfo{part}, parts))
		if k, err := OpenKeystore(file, "any"); verdict.ClassOf(err) != verdict.LimitExceeded {
			t.Errorf("%s: got %v and %v, want %s", name, k, err, verdict.LimitExceeded)
		}
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func explicitly(der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: der}
}

// fileOf returns a PKCS #12 file without a MAC.
func fileOf(t *testing.T, parts []contentInfo) []byte {
	t.Helper()
	return encode(t, struct {
		Version int
		Safe    contentInfo
	}{3, contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, explicitly(encode(t, encode(t, parts)))}})
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
