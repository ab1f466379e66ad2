package web

import (
	"bytes"
	"context"
	"strings"
	"time"

	"jwt/internal/cli"
	"jwt/internal/inspect"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/render"
	"jwt/internal/scan"
	"jwt/internal/serialization"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// find returns the token in a text. With join, text is read as for showing only.
func find(text string, join bool) (string, error) {
	trimmed := bytes.TrimSpace([]byte(text))
	if serialization.IsNumeric(text) {
		return serialization.FromNumeric(text)
	}
	if serialization.Is(trimmed) {
		form, err := serialization.Parse(trimmed)
		if err != nil {
			return "", err
		}
		text, err := form.Compact()
		if err != nil {
			err = cli.Classified(err).Hintf("the page has one signature at a time; jwt verify checks each, jwt decode shows all of the token")
		}
		return text, err
	}
	found, err := scan.One([]byte(text), scan.Options{Join: join, Pasted: true})
	if err == nil && len(found.Token) > jws.MaxTokenBytes {
		err = verdict.Errorf(verdict.TooLarge, "the token has %d bytes, the limit is %d", len(found.Token), jws.MaxTokenBytes)
	}
	return found.Token, err
}

// isEmpty reports whether nothing was typed.
func isEmpty(text string) bool { return strings.TrimSpace(text) == "" }

// inspect shows the token as jwt inspect does, with its header and claims for editing.
func (s *Server) inspect(_ context.Context, q question) (answer, error) {
	if isEmpty(q.Token) {
		return answer{}, nil
	}
	text, err := find(q.Token, true)
	if err != nil {
		return answer{}, err
	}
	t, err := token.OpenLax(text)
	if err != nil {
		return answer{}, err
	}
	s.decrypt(t, q)
	now := s.Now()
	i := render.Inspection{Token: inspect.Of(t, now), Now: now, Show: show}
	a := answer{view: i.Nodes(2), result: i}
	if !t.IsSealed() {
		a.fields = render.Object{{Name: "header", Value: string(render.JSON(t.Header, true))}}
		if t.HasClaims() {
			a.fields.Add("claims", string(render.JSON(t.Claims, true)))
		}
	}
	return a, nil
}

// decrypt decrypts an encrypted token if the chosen keys do; else it stays as it is.
func (s *Server) decrypt(t *token.Token, q question) {
	if !t.IsSealed() {
		return
	}
	var keys []jwk.Key
	switch {
	case Under(q.Keys) == UnderGiven:
		for _, g := range s.Given {
			keys = append(keys, g.Key)
		}
	case !isEmpty(q.Pasted):
		p, err := pasted(q.Keys, q.Pasted)
		if err != nil {
			return // which the answer to verify says
		}
		keys = p.keys
	}
	_ = t.Decrypt(keys, jwe.Options{MaxToken: jws.MaxTokenBytes, MaxInflated: jwe.DefaultMaxInflated})
}

func show(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// compare shows what changed between two tokens as jwt diff does.
func (s *Server) compare(_ context.Context, q question) (answer, error) {
	if isEmpty(q.Token) || isEmpty(q.Other) {
		return answer{view: render.Notice(2, "Nothing to compare", "Paste two tokens. Values are compared, not their spelling.")}, nil
	}
	a, err := open(q.Token, "A")
	if err != nil {
		return answer{}, err
	}
	b, err := open(q.Other, "B")
	if err != nil {
		return answer{}, err
	}
	d := render.Difference{Difference: token.Compare(a, b), Show: show}
	says := "The tokens differ"
	if d.Equal() {
		says = "Header and payload say the same"
	}
	return answer{view: d.Nodes(2, "jwt diff @a.txt @b.txt"), says: says, result: d.JSON()}, nil
}

// open reads the token of a name.
func open(text, name string) (*token.Token, error) {
	text, err := find(text, true)
	if err != nil {
		return nil, named(name, err)
	}
	t, err := token.Open(text)
	return t, named(name, err)
}
