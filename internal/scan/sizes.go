package scan

import (
	"encoding/base64"
	"slices"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
)

// sizes holds the number of dots of a token and the possible lengths of its last part
// in base64url.
type sizes struct {
	dots int
	last []int
}

// sizesOf returns the sizes for a header: those of the signature of a JWS (RFC 7518 §3.1)
// or of the tag of a JWE (RFC 7518 §5.1). For RSA it returns the lengths for the three
// usual moduli.
func sizesOf(header []byte) sizes {
	o, err := jsonobject.Parse(header)
	if err != nil {
		return sizes{}
	}
	return sizesFor(o)
}

func sizesFor(header jsonobject.Object) sizes {
	if v, ok := header.Get("enc"); ok {
		enc, _ := v.Text()
		tag := map[string]int{"A128GCM": 16, "A192GCM": 16, "A256GCM": 16, "A128CBC-HS256": 16, "A192CBC-HS384": 24, "A256CBC-HS512": 32}[enc]
		if tag == 0 {
			return sizes{}
		}
		return sizes{4, encodedLengths(tag)}
	}
	name, _ := header.Text("alg")
	if name == jwa.None {
		return sizes{2, []int{0}}
	}
	alg, ok := jwa.Lookup(name)
	switch {
	case !ok:
		return sizes{}
	case alg.KeyType == "RSA":
		return sizes{2, encodedLengths(2048/8, 3072/8, 4096/8)}
	}
	return sizes{2, encodedLengths(alg.SignatureSizes...)}
}

func encodedLengths(bytes ...int) []int {
	lengths := make([]int, len(bytes))
	for i, n := range bytes {
		lengths[i] = base64.RawURLEncoding.EncodedLen(n)
	}
	return lengths
}

// fit reports whether the last part of a complete token can have n characters.
func (s sizes) fit(n int) bool { return slices.Contains(s.last, n) }

// cut returns the length of the last part of a token to which other text is glued. It is all
// of it unless the algorithm has one length, or the header of another token follows.
func (s sizes) cut(last []byte) int {
	for _, n := range s.last {
		if len(last) > n && (len(s.last) == 1 || isHeader(last[n:])) {
			return n
		}
	}
	return len(last)
}

// isHeader reports whether b is a whole header.
func isHeader(b []byte) bool {
	if !opensHeader(b) {
		return false
	}
	_, err := jsonobject.Parse(decodeHeader(b))
	return err == nil
}
