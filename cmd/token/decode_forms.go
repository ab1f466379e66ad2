package token

import (
	"time"

	"jwt/internal/base64url"
	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/render"
	"jwt/internal/serialization"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// decodeForm shows a token in a JSON serialization that the compact one cannot express: each of its
// signatures, and the payload that they share. Parts that flags ask for are those of the first.
func (o decodeOptions) decodeForm(env *cli.Env, form *serialization.Form, now time.Time) error {
	signed, payload, err := joined(form)
	if err != nil {
		return o.fail(env, err)
	}
	if o.header || o.payload || o.raw || len(o.claims) > 0 {
		if err := o.show(env, opened(signed[0]), now, nil); err != nil {
			return cli.Unanswered{Err: err}
		}
		return nil
	}
	return o.output.WriteJSON(env, signaturesJSON(signed, payload))
}

// joined returns each signature of the form as a token, and the payload that they share.
func joined(form *serialization.Form) (signed []jws.Token, payload []byte, err error) {
	if form.Kind != compact.JWS {
		return nil, nil, verdict.Errorf(verdict.EncryptedToken, "the token is encrypted (JWE): only a recipient's key decrypts it").
			Hintf("jwt decrypt TOKEN --key private.pem")
	}
	unencoded, err := form.Unencoded()
	if err != nil {
		return nil, nil, err
	}
	payload = []byte(form.Payload)
	if !unencoded {
		if payload, err = base64url.Decode(form.Payload); err != nil {
			return nil, nil, verdict.Errorf(verdict.Malformed, "the payload is not base64url: %w", err)
		}
	}
	for _, s := range form.Signatures {
		t, err := jws.Join(s.Protected, s.Header, payload, s.Signature)
		if err != nil {
			return nil, nil, err
		}
		signed = append(signed, t)
	}
	return signed, payload, nil
}

// opened returns a joined token to show.
func opened(signed jws.Token) *token.Token {
	t := token.OfSigned(signed)
	t.ReadClaims()
	return t
}

// A formLine answers the lines of a batch, also those in a JSON serialization that the compact one
// cannot express.
type formLine struct {
	lineFunc
	form func(*serialization.Form) (render.Members, error)
}

func (f formLine) answerForm(form *serialization.Form) (render.Members, error) {
	if text, err := form.Compact(); err == nil {
		return f.lineFunc(text)
	}
	answer, err := f.form(form)
	if err != nil {
		return cli.ErrorObject(err), err
	}
	return answer, nil
}

// formJSON returns the output of decode for such a line.
func formJSON(form *serialization.Form) (render.Members, error) {
	signed, payload, err := joined(form)
	if err != nil {
		return nil, err
	}
	return signaturesJSON(signed, payload), nil
}

// signaturesJSON returns the payload and the header and signature of each token.
func signaturesJSON(signed []jws.Token, payload []byte) render.Object {
	var content any = string(payload)
	if v, err := jsonobject.ParseValue(payload); err == nil {
		content = v
	}
	list := []render.Object{}
	for _, t := range signed {
		list = append(list, render.Object{{Name: "header", Value: t.Header}, {Name: "signature", Value: t.Segments()[2]}})
	}
	return render.Object{{Name: "payload", Value: content}, {Name: "signatures", Value: list}}
}
