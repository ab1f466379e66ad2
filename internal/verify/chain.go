package verify

import (
	"slices"
	"strings"

	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// chained checks a token that is verified by the leaf certificate in its header, whose chain must
// reach a trust anchor.
func (v *verification) chained() (jws.Verified, error) {
	signed := v.token.Signed
	chain, chainErr := v.Anchors.Of(v.token.Header, v.at)
	var leaf *jwk.Key
	if chainErr == nil {
		leaf = &chain.Key
	}
	verified, checks, err := signed.VerifyUnderChain(leaf, v.Algs)
	at := slices.IndexFunc(checks, func(c verdict.Check) bool { return c.Name == "key" })
	switch {
	case at < 0: // the header is refused already
	case chainErr != nil:
		checks, err = append(checks[:at:at], verdict.Failed("chain", chainErr)), chainErr
	default:
		subjects := chain.Subjects()
		checks = slices.Insert(slices.Clone(checks), at, verdict.Check{
			Name: "chain", Status: verdict.Pass, Actual: subjects,
			Detail: strings.Join(subjects, " ← ") + "; revocation was not checked",
		})
	}
	v.add(checks...)
	if err == nil {
		describeKey(v.checks, verified.Key().Describe())
	}
	return verified, err
}
