package verify

import (
	"slices"

	"jwt/internal/jws"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// Signed runs every check on a token that was put together from a JSON serialization, or from a
// token and the payload beside it. shape describes that.
func (v *Verifier) Signed(signed jws.Token, shape string) Report {
	w := verification{Verifier: v, token: token.OfSigned(signed)}
	w.checks = []verdict.Check{{Name: "shape", Status: verdict.Pass, Detail: shape}}
	r := w.finish()
	verdict.WriteOut(r.Checks)
	return r
}

// A Quorum is how many signatures of a token must verify.
type Quorum struct {
	All   bool
	Least int // if not All
}

// Signatures is the report on a token with several signatures, of which each is a token of the
// same payload.
type Signatures struct {
	Reports []Report
	Valid   bool
	Payload []byte // nil unless valid
	Err     error  // nil if valid
}

// Decide makes one result of the reports. Signatures by the same key count once: the holder of
// one key can sign any number of times.
func Decide(reports []Report, q Quorum) Signatures {
	s := Signatures{Reports: reports}
	var keys []string
	for _, r := range reports {
		if !r.Valid {
			continue
		}
		s.Payload = r.Payload
		if id := r.Signed.Key().Thumbprint(); !slices.Contains(keys, id) {
			keys = append(keys, id)
		}
	}
	failed := func(r Report) bool { return !r.Valid }
	switch at := slices.IndexFunc(reports, failed); {
	case q.All && at >= 0:
		s.Err = verdict.Errorf(reports[at].Class, "not valid: signature %d of %d: %s", at+1, len(reports), reports[at].Message).
			Hintf("%s", hintOf(reports[at]))
	case !q.All && len(keys) < q.Least:
		s.Err = verdict.Errorf(verdict.SignatureInvalid, "not valid: %s verify under different keys, %d are required", phrase.Count(len(keys), "signature"), q.Least)
		if at >= 0 {
			s.Err = verdict.Errorf(reports[at].Class, "not valid: %s by different keys, %d are required; signature %d: %s", phrase.Count(len(keys), "valid signature"), q.Least, at+1, reports[at].Message)
		}
	}
	s.Valid = s.Err == nil
	if !s.Valid {
		s.Payload = nil
	}
	return s
}

// hintOf returns the hint of a report, or how fewer signatures are asked for.
func hintOf(r Report) string {
	if r.Hint != "" {
		return r.Hint
	}
	return "--require-signatures any accepts one that verifies"
}
