package render

import (
	"net/url"
	"path"

	"jwt/internal/inspect"
	"jwt/internal/scan"
)

// Sarif returns the parts of a SARIF 2.1.0 log before and after its results, which commas
// separate.
func Sarif(version string) (before, after []byte) {
	rules := make([]Object, 0, len(sarifRules))
	for _, r := range sarifRules {
		rules = append(rules, Object{
			{"id", r.id},
			{"shortDescription", Object{{"text", r.short}}},
			{"fullDescription", Object{{"text", r.full}}},
			{"help", Object{{"text", r.help}}},
			{"defaultConfiguration", Object{{"level", r.level}}},
			{"properties", Object{{"tags", []string{"security", "credentials"}}}},
		})
	}
	driver := Object{{"name", "jwt"}, {"version", version}, {"rules", rules}}
	log := Object{
		{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
		{"version", "2.1.0"},
		{"runs", []Object{{{"tool", Object{{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", []any{}}}}},
	}
	const end = "]}]}" // of the results, the run, the runs and the log
	text := JSON(log, false)
	return text[:len(text)-len(end)], append([]byte("\n"+end), '\n')
}

var sarifRules = [...]struct{ id, level, short, full, help string }{
	{"jwt-live", "error", "Token that has not expired", "A JSON Web Token that is valid by its own times is in the text. Its holder can use it until it expires.", "Revoke the token at its issuer, then remove it from the text and from its history."},
	{"jwt-expired", "warning", "Expired token", "A JSON Web Token that has expired is in the text. Its claims may be personal data.", "Remove the token from the text, and look for a newer one where it came from."},
	{"jwt-example", "note", "Published example of a token", "The token is an example that specifications or jwt.io publish.", "Nothing needs to be done."},
	{"jwt-placeholder", "note", "Placeholder or cut-off token", "The text has the form of a JSON Web Token without a possible signature.", "Nothing needs to be done, unless the rest of a token is elsewhere."},
}

func (f *Found) sarifRule() string {
	switch {
	case f.Kind != scan.Whole:
		return "jwt-" + string(f.Kind)
	case f.HasClaims && f.Lifetime.State() == inspect.Expired:
		return "jwt-expired"
	}
	return "jwt-live"
}

// uri returns the file as SARIF has it: relative to the directory that was scanned from, or with
// its scheme.
func (f *Found) uri() string {
	switch {
	case f.File == "":
		return "stdin"
	case path.IsAbs(f.File):
		return (&url.URL{Scheme: "file", Path: f.File}).String()
	}
	return (&url.URL{Path: f.File}).String()
}

// SarifResult returns the match as a result of a SARIF log.
func (f *Found) SarifResult() Object {
	t := NewText(false)
	t.Put(f.what())
	if state, _ := f.stateInWords(); state != "" {
		t.Put(", ", state)
	}
	location := Object{{"artifactLocation", Object{{"uri", f.uri()}}}}
	location.Add("region", Object{{"startLine", f.Place.Line}, {"startColumn", f.Place.Column}, {"endLine", f.Last.Line}, {"endColumn", f.Last.Column}})
	level := ""
	for _, r := range sarifRules {
		if r.id == f.sarifRule() {
			level = r.level
		}
	}
	return Object{
		{"ruleId", f.sarifRule()},
		{"level", level},
		{"message", Object{{"text", string(t.Bytes())}}},
		{"locations", []Object{{{"physicalLocation", location}}}},
		{"partialFingerprints", Object{{"token/v1", f.Fingerprint()}}},
	}
}
