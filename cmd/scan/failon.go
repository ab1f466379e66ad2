package scan

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"jwt/internal/inspect"
	"jwt/internal/jwa"
	"jwt/internal/render"
	"jwt/internal/scan"
	"jwt/internal/verdict"
)

// A failKind is a value of --fail-on.
type failKind struct {
	name, about string
	needsKey    bool
	is          func(*render.Found) bool
}

var failKinds = [...]failKind{
	{"found", "a token, whatever its state", false, isToken},
	{"live", "a token that has not expired", false, func(f *render.Found) bool { return isToken(f) && !isExpired(f) }},
	{"expired", "a token that has expired", false, isExpired},
	{"unsecured", "a token without a signature (alg none)", false, func(f *render.Found) bool {
		alg, _ := f.Header.Text("alg")
		return isToken(f) && alg == jwa.None
	}},
	{"valid", "a token that verifies with a key given", true, func(f *render.Found) bool {
		return isToken(f) && f.Report != nil && f.Report.Valid
	}},
	{"invalid", "a token that does not", true, func(f *render.Found) bool {
		return isToken(f) && f.Report != nil && !f.Report.Valid
	}},
	{"example", "an example that jwt.io or an RFC publishes", false, func(f *render.Found) bool { return f.Kind == scan.Example }},
	{"placeholder", "a token without a possible signature", false, func(f *render.Found) bool { return f.Kind == scan.Placeholder }},
}

func isToken(f *render.Found) bool { return f.Kind == scan.Whole }

// isExpired reports whether a token has expired by its own claims.
func isExpired(f *render.Found) bool {
	return isToken(f) && f.HasClaims && f.Lifetime.State() == inspect.Expired
}

func indexOfFailKind(name string) int {
	return slices.IndexFunc(failKinds[:], func(k failKind) bool { return k.name == name })
}

func failOnWords() (words []string) {
	for _, k := range failKinds {
		words = append(words, k.name)
	}
	return words
}

func failOnHelp() string {
	var b bytes.Buffer
	for i, k := range failKinds {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "  %-12s %s", k.name, k.about)
	}
	return b.String()
}

// failsOn returns the words of --fail-on.
func (o *options) failsOn() []string {
	if o.failOnFound && !slices.Contains(o.failOn, "found") {
		return append([]string{"found"}, o.failOn...)
	}
	return o.failOn
}

func (o *options) checkFailOn() error {
	for _, word := range o.failOn {
		i := indexOfFailKind(word)
		switch {
		case i < 0:
			return verdict.Errorf(verdict.Usage, "--fail-on: is %q, must be one of %s", word, strings.Join(failOnWords(), ", "))
		case failKinds[i].needsKey && !o.verifies:
			return verdict.Errorf(verdict.Usage, "--fail-on %s: requires a key", word).Hintf("--key public.pem or --secret env:NAME")
		}
	}
	return nil
}
