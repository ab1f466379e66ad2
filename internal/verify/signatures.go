package verify

import (
	"slices"
	"strconv"

	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// Signed runs every check on a token that was put together from a JSON serialization, or from a
// token and the payload beside it. shape describes that.
func (v *Verifier) Signed(signed jws.Token, shape string) Report {
	v.claims = new(jwt.Reader) // the claims of the report before stay as they are
	w := verification{Verifier: v, token: token.OfSigned(signed)}
	w.checks = []verdict.Check{{Name: "shape", Status: verdict.Pass, Detail: shape}}
	var r Report
	w.finish(&r)
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
	at := slices.IndexFunc(reports, func(r Report) bool { return !r.Valid })
	switch {
	case q.All && at >= 0:
		s.Err = verdict.Errorf(reports[at].Class, "not valid: signature %d of %d: %s", at+1, len(reports), reports[at].Message).
			Hintf("%s", hintOf(reports[at], len(keys)))
	case !q.All && len(keys) < q.Least:
		s.Err = tooFew(reports, at, len(keys), q.Least)
	}
	s.Valid = s.Err == nil
	if !s.Valid {
		s.Payload = nil
	}
	return s
}

// tooFew returns the error for valid signatures by fewer keys than are required. failed is the index
// of the first signature that is not valid, or -1.
func tooFew(reports []Report, failed, keys, least int) error {
	message := "not valid: the valid signatures are by " + phrase.Count(keys, "key")
	if keys == 0 {
		message = "not valid: no signature is valid"
	}
	message += ", want " + strconv.Itoa(least)
	if failed < 0 {
		return verdict.Errorf(verdict.SignatureInvalid, "%s", message)
	}
	r := reports[failed]
	return verdict.Errorf(r.Class, "%s; signature %d of %d: %s", message, failed+1, len(reports), r.Message).Hintf("%s", r.Hint)
}

// hintOf returns the hint of a report, or how fewer signatures are required if another one is valid.
func hintOf(r Report, valid int) string {
	if r.Hint == "" && valid > 0 {
		return "--require-signatures any accepts one that verifies"
	}
	return r.Hint
}
