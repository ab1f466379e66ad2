package token

import (
	"strings"

	"jwt/internal/cli"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// bare reports whether stdout is for verified content alone, so that a report of a failure
// cannot be mistaken for it.
func (o verifyOptions) bare() bool { return o.payload || len(o.values) > 0 }

// checkValues refuses flags that -c contradicts, and values meant as conditions.
func (o verifyOptions) checkValues() error {
	for _, path := range o.values {
		switch {
		case path == "":
			return verdict.Errorf(verdict.Usage, "-c: is empty").Hintf("is the shell variable set?")
		case strings.ContainsAny(path, "=<>") && !strings.Contains(path, "/"):
			return verdict.Errorf(verdict.Usage, "-c prints a verified value and takes its path").Hintf("--claim '%s' requires a value", phrase.Short(path))
		case o.payload:
			return verdict.Errorf(verdict.Usage, "--payload and -c contradict each other: both say what to print")
		case o.batch:
			return verdict.Errorf(verdict.Usage, "--batch prints whole reports").Hintf("jwt verify --batch … | jq -c .payload")
		}
	}
	return nil
}

// writeValues writes the values of -c, or none of them if one is missing.
func (o verifyOptions) writeValues(env *cli.Env, r verify.Report) error {
	claims := r.Token.Content()
	var out []byte
	for _, path := range o.values {
		v, ok := claims.Lookup(path)
		if !ok {
			return cli.Unanswered{Err: verdict.Errorf(verdict.MissingClaim, "the payload has no %s", phrase.Quote(path))}
		}
		text, isText := v.Text()
		if !isText || o.output.SaysJSON() {
			text = string(render.JSON(v, false))
		}
		out = append(append(out, text...), '\n')
	}
	return o.output.WriteBytes(env, out)
}
