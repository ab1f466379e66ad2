package keysource

import (
	"jwt/internal/jws"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// Explain says of a kid that no key was found for whether a set has it all the
// same, with a key that cannot be used.
func (k *Sources) Explain(err error, kid string) error {
	if verdict.ClassOf(err) != verdict.KeyNotFound {
		return err
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, s := range k.sources {
		if why := s.Set.Unusable(kid); why != nil {
			return InSource(s.Name, why)
		}
	}
	return err
}

// LeftOut tells of a key that may be the one which is wanted: a token without a
// kid means any of a set, also what was left out of it.
func (k *Sources) LeftOut(token jws.Token) []render.Reason {
	if _, named, err := token.KeyID(); named || err != nil {
		return nil
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, s := range k.sources {
		if len(s.Set.Skipped) > 0 {
			return []render.Reason{{ID: "key_left_out", Detail: leftOut(s.Name, s.Set.Skipped[0])}}
		}
	}
	return nil
}
