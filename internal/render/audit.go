package render

import (
	"strconv"

	"jwt/internal/audit"
	"jwt/internal/phrase"
)

// An Audit is the output of audit, as JSON or as text.
type Audit struct {
	Alg        string
	ShowSecret bool
	Guesses    int64
	Skipped    int64 // lines of lists that are too long
	Found      bool

	list   string // the name of the list; empty for audit.WellKnown
	result audit.Result
}

// Add adds the result of searching one list.
func (a *Audit) Add(list string, r audit.Result) {
	a.Guesses += r.Guesses
	a.Skipped += r.Skipped
	if r.Found {
		a.Found, a.list, a.result = true, list, r
	}
}

// Place returns where the secret was found.
func (a Audit) Place() string {
	switch {
	case a.list == "":
		return "one of " + strconv.Itoa(len(audit.WellKnown)) + " secrets from tutorials and defaults"
	case a.result.Rule == "":
		return "line " + strconv.Itoa(a.result.Line) + " of " + a.list
	default:
		return "line " + strconv.Itoa(a.result.Line) + " of " + a.list + ", " + a.result.Rule
	}
}

// JSON returns the result for stdout.
func (a Audit) JSON() Object {
	o := Object{{"guessable", a.Found}, {"alg", a.Alg}, {"guesses", a.Guesses}}
	if a.Skipped > 0 {
		o.Add("skipped", a.Skipped)
	}
	if !a.Found {
		return o
	}
	list := a.list
	if list == "" {
		list = "well-known"
	}
	o.Add("list", list)
	o.Add("line", a.result.Line)
	if a.result.Rule != "" {
		o.Add("rule", a.result.Rule)
	}
	if a.ShowSecret {
		o.Add("secret", string(a.result.Secret))
	}
	return o
}

// Text appends the result as text.
func (a Audit) Text(t *Text) {
	guesses := phrase.Count(int(a.Guesses), "guess")
	if a.Guesses != 1 {
		guesses = strconv.FormatInt(a.Guesses, 10) + " guesses"
	}
	if !a.Found {
		t.Styled(Good, "✓ not guessed").Put(": none of " + guesses + " signs this " + a.Alg + " token").Line()
	} else {
		t.Styled(Bad, "✗ guessable").Put(": the secret is " + a.Place()).Line()
		if a.ShowSecret {
			t.Put("  secret  ").Styled(Literal, string(a.result.Secret)).Line()
		}
	}
	if a.Skipped > 0 {
		t.Put("  ").Styled(Caution, phrase.Count(int(a.Skipped), "line")+" of more than "+strconv.Itoa(audit.MaxWord)+" bytes skipped").Line()
	}
}
