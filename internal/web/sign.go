package web

import (
	"context"
	"strconv"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// sign makes a token of the header and the claims in the page. The key decides the algorithm: that
// of the header is kept only if the key may be used with it.
func (s *Server) sign(_ context.Context, q question) (answer, error) {
	header, err := object("header", q.Header)
	if err != nil {
		return answer{}, err
	}
	claims, err := object("claims", q.Claims)
	if err != nil {
		return answer{}, err
	}
	key, err := s.signer(q)
	if err != nil {
		return answer{}, err
	}
	alg, err := algFor(key, header)
	if err != nil {
		return answer{}, err
	}
	was, _ := header.Text("alg")
	header.Set("alg", jsonobject.Quote(alg.Name))
	if key.HasID {
		header.Set("kid", jsonobject.Quote(key.ID))
	}
	t, err := jws.Sign(header, claims.Bytes(), key, alg, false)
	if err != nil {
		return answer{}, err
	}
	sentence := "Signed with " + alg.Name + " under " + key.Source + ", parsed and verified once."
	if was != "" && was != alg.Name {
		sentence += " The key does not sign with " + phrase.Quote(was) + ", so alg has changed."
	}
	return answer{
		view: render.Done(2, "Signed", sentence), says: sentence,
		fields: render.Object{{Name: "signed", Value: t.Text()}},
		result: render.Object{{Name: "token", Value: t.Text()}, {Name: "header", Value: t.Header}, {Name: "payload", Value: jsonobject.Value(t.Payload)}},
	}, nil
}

// object reads a JSON object, without white space between its values.
func object(name, text string) (jsonobject.Object, error) {
	o, err := jsonobject.Parse([]byte(text))
	if err != nil {
		return o, verdict.Errorf(verdict.Malformed, "the %s is not a JSON object: %w", name, err)
	}
	if d := o.Duplicates(); len(d) > 0 {
		return o, verdict.Errorf(verdict.DuplicateMember, "the %s has %s more than once", name, phrase.QuotedList(d))
	}
	return jsonobject.Parse(render.JSON(o, false))
}

// signer returns the key to sign with: one of those given at the start, by its number, or the one
// that was pasted.
func (s *Server) signer(q question) (jwk.Key, error) {
	given := s.signers()
	if i, err := strconv.Atoi(q.Keys); err == nil {
		if i < 0 || i >= len(given) {
			return jwk.Key{}, verdict.Errorf(verdict.Usage, "unknown choice of keys")
		}
		return given[i].Key, nil
	}
	if isEmpty(q.Pasted) {
		return jwk.Key{}, verdict.Errorf(verdict.Usage, "no key given to sign with").Hintf("paste a private key or a secret")
	}
	p, err := pasted(q.Keys, q.Pasted)
	keys := p.keys
	switch {
	case err != nil:
		return jwk.Key{}, err
	case len(keys) != 1:
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "the pasted text has %s: paste only the one that signs", phrase.Count(len(keys), "key"))
	case !keys[0].IsPrivate():
		return jwk.Key{}, verdict.Errorf(verdict.KeyMismatch, "%s is public: a public key cannot sign", pastedName).Hintf("paste the private key")
	}
	return keys[0], nil
}

// algFor returns the algorithm to sign with.
func algFor(key jwk.Key, header jsonobject.Object) (jwa.Algorithm, error) {
	name, _ := header.Text("alg")
	if alg, known := jwa.Lookup(name); known && key.Fits(alg, jwk.OpSign) == nil {
		return alg, nil
	}
	if able := key.Algorithms(); len(able) > 0 {
		return able[0], nil
	}
	return jwa.Algorithm{}, verdict.Errorf(verdict.KeyRefused, "%s: the key is %s, which cannot sign", key.Source, key.Kind())
}
