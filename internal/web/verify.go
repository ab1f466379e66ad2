package web

import (
	"context"

	"jwt/internal/keysource"
	"jwt/internal/render"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// verify verifies the token as jwt verify does.
func (s *Server) verify(ctx context.Context, q question) (answer, error) {
	if isEmpty(q.Token) {
		return answer{}, nil
	}
	with := Expected{Under: Under(q.Keys), Issuer: q.Issuer, Audience: q.Audience, Profile: q.Profile}
	switch with.Under {
	case UnderGiven, UnderTrusted:
	default:
		if isEmpty(q.Pasted) {
			return answer{view: render.Notice(2, "Not verified", "Anyone can write a token that decodes. Paste the issuer's public key or the secret to check the signature.")}, nil
		}
		keys, err := pasted(q.Keys, q.Pasted)
		if err != nil {
			return answer{}, err
		}
		with.Under, with.Pasted = UnderPasted, keys
	}
	shown := render.Report(s.report(ctx, q.Token, with))
	a := answer{says: shown.Says(), result: &shown}
	if _, unreadable := s.inspect(ctx, q); unreadable == nil { // else that answer says why
		a.view = shown.Nodes(2, s.Command(with))
	}
	return a, nil
}

// report verifies the token in a text.
func (s *Server) report(ctx context.Context, text string, with Expected) verify.Report {
	text, err := find(text, false)
	if err != nil {
		return verify.NoToken(err)
	}
	return s.Verify(ctx, text, with)
}

// named adds the name of a field to an error about it.
func named(name string, err error) error {
	if err == nil || verdict.ClassOf(err) == verdict.Interrupted {
		return err
	}
	return keysource.InSource(name, err)
}
