package jwk

import (
	"encoding/base64"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// JWK returns the key as a JWK (RFC 7517 §4). Without private it returns the public half,
// and for a secret all members except the secret itself.
func (k Key) JWK(private bool) jsonobject.Object {
	if p, ok := k.Public(); ok && !private {
		k = p
	}
	var w objectWriter
	w.text("kty", k.Type)
	if k.HasID {
		w.text("kid", k.ID)
	}
	if k.Use != "" {
		w.text("use", k.Use)
	}
	if k.Alg != "" {
		w.text("alg", k.Alg)
	}
	if k.Ops != nil {
		w.texts("key_ops", k.Ops)
	}
	if k.Curve != "" {
		w.text("crv", k.Curve)
	}
	for _, m := range k.publicMembers() {
		w.text(m.name, m.text())
	}
	if private {
		for _, m := range k.privateMembers() {
			w.text(m.name, m.text())
		}
	}
	if len(k.Certificates) > 0 {
		chain := make([]string, len(k.Certificates))
		for i, c := range k.Certificates {
			chain[i] = base64.StdEncoding.EncodeToString(c.Raw) // not base64url (RFC 7517 §4.7)
		}
		w.texts("x5c", chain)
	}
	return w.object()
}

// An objectWriter builds a JSON object member by member.
type objectWriter struct{ src []byte }

func (w *objectWriter) name(name string) {
	open := byte(',')
	if len(w.src) == 0 {
		open = '{'
	}
	w.src = append(w.src, open)
	w.src = append(w.src, jsonobject.Quote(name)...)
	w.src = append(w.src, ':')
}

func (w *objectWriter) text(name, value string) {
	w.name(name)
	w.src = append(w.src, jsonobject.Quote(value)...)
}

func (w *objectWriter) texts(name string, values []string) {
	w.name(name)
	w.src = append(w.src, '[')
	for i, v := range values {
		if i > 0 {
			w.src = append(w.src, ',')
		}
		w.src = append(w.src, jsonobject.Quote(v)...)
	}
	w.src = append(w.src, ']')
}

func (w *objectWriter) object() jsonobject.Object {
	o, err := jsonobject.Parse(append(w.src, '}'))
	if err != nil {
		panic("jwk: wrote an invalid JSON object: " + err.Error())
	}
	return o
}

// DER returns PKCS #8 if private is set, and otherwise the SPKI of the public half.
func (k Key) DER(private bool) ([]byte, error) {
	p, ok := k.Public()
	switch {
	case !ok:
		return nil, verdict.Errorf(verdict.KeyMismatch, "a secret has no PEM or DER form: use JWK")
	case private && !k.private:
		return nil, verdict.Errorf(verdict.KeyMismatch, "the key is public, the private one is not in it")
	case private:
		return encoded(marshalPKCS8(k.material))
	default:
		return encoded(marshalSPKI(p.material))
	}
}

func encoded(der []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, verdict.Errorf(verdict.Internal, "the key cannot be encoded: %s", withoutPackage(err))
	}
	return der, nil
}
