package verify

import (
	"strings"

	"jwt/internal/verdict"
)

// decide concludes the report: valid if no check failed, else with the gravest as its error.
func (r *Report) decide() {
	worst := verdict.Gravest(r.Checks)
	if worst == nil {
		r.Valid = true
		return
	}
	r.Class, r.Message, r.Hint = worst.Class, worst.Detail, worst.Hint
	if len(r.Causes) > 0 {
		r.Message = because(*worst, r.Causes[0].Detail)
	}
	for _, cause := range r.Causes {
		if cause.Hint != "" {
			r.Hint = cause.Hint
			break
		}
	}
	e := verdict.Errorf(r.Class, "not valid: %s", r.Message)
	switch {
	case r.Class == verdict.Usage || r.Class == verdict.Interrupted:
		e = verdict.Errorf(r.Class, "%s", r.Message)
	case !r.Class.IsVerdict():
		e = verdict.Errorf(r.Class, "not verified: %s", r.Message)
	}
	e.Hint = r.Hint
	r.Err = e
}

// verifies begins the cause that was found by trying other keys and algorithms.
const verifies = "the signature verifies "

// because combines the failed check and its cause in one sentence.
func because(failed verdict.Check, why string) string {
	rest, found := strings.CutPrefix(why, verifies)
	switch {
	case why == failed.Detail:
		return why
	case failed.Class == verdict.SignatureInvalid && found:
		why = "it verifies " + rest
	}
	return failed.Detail + "; " + why
}
