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
	if _, err := s.inspect(ctx, q); err != nil { // which that answer says
		r := verify.NoToken(err)
		return answer{result: (*render.Report)(&r)}, nil
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
	return answer{view: shown.Nodes(2, s.Command(with)), says: shown.Says(), result: &shown}, nil
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
