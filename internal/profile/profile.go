package profile

import (
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Profile holds the rules of one specification for its kind of token beyond RFC 7519:
// the media type in the header, the required claims, and what they mean.
type Profile struct {
	Name  string // as --profile takes it
	About string // what such a token is, and who says so

	// OwnKey is set where the specification requires the token to be verified under the
	// key in its own header. That proves that the sender holds the key, not who the
	// sender is. It is empty for other kinds of token.
	OwnKey string

	group string // what the names of its checks begin with; "" is profile:Name
	rules []rule
}

// A Presentation is what a token came with, as far as its verifier says so: nil
// is not said. The times and lists mean what they mean in a Policy.
type Presentation struct {
	Alg        jwa.Algorithm // under which the signature verified
	Curve      string        // of the key, where it is on one
	Thumbprint string        // of the key (RFC 7638); "" for a secret

	Audiences []string
	MaxAge    *time.Duration
	Leeway    time.Duration
	Location  *time.Location

	Nonce         *string // compared by the Policy or the Profile
	AccessToken   *string
	Code          *string // the authorization code
	Method, URI   *string // of the HTTP request
	KeyThumbprint *string // that Thumbprint must be
	Digest        *string // of the SD-JWT that a key binding is to
}

// A rule is one demand of a profile.
type rule struct {
	name    string // in the name of its check; begins the detail
	section string // of the specification
	test    func(q *inquiry) finding
}

// A finding is how a rule came out. Its detail gets the rule's name before it and
// the section behind.
type finding struct {
	status           verdict.Status // "" where the rule does not apply
	class            verdict.Class
	expected, actual any
	detail, hint     string
	about            string // the claim, where the detail is about another one than the rule is named for
}

// An inquiry is one run of a profile.
type inquiry struct {
	claims, header jsonobject.Object
	with           Presentation
	now            time.Time
}

// Lookup returns the profile of that exact name.
func Lookup(name string) (Profile, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// All returns the profiles that a token can be held against.
func All() []Profile {
	return []Profile{accessToken(), idToken(), logoutToken(), dpopProof(), securityEvent(), serviceAccount()}
}

// Check checks verified claims and their header against the profile at the instant now.
// The checks are named profile:NAME:RULE and come beside those of Policy.Check, which
// compares with the values its caller expects and reports claims of a wrong RFC 7519
// type.
func (p Profile) Check(c jwt.Claims, header jsonobject.Object, with Presentation, now time.Time) []verdict.Check {
	q := &inquiry{claims: c.Object(), header: header, with: with, now: now}
	var checks []verdict.Check
	for _, r := range p.rules {
		if f := r.test(q); f.status != "" {
			checks = append(checks, p.check(r, f))
		}
	}
	return checks
}

// CheckName is the name of the check of one rule.
func (p Profile) CheckName(rule string) string {
	if p.group != "" {
		return p.group + ":" + rule
	}
	return "profile:" + p.Name + ":" + rule
}

// OwnKeyCheck returns the check of the key in the token's own header as one of
// the profile's.
func (p Profile) OwnKeyCheck(c verdict.Check) verdict.Check {
	c.Detail += " (" + p.OwnKey + ")"
	c.Name = p.CheckName(c.Name)
	return c
}

func (p Profile) check(r rule, f finding) verdict.Check {
	about := r.name
	if f.about != "" {
		about = f.about
	}
	return verdict.Check{
		Name: p.CheckName(about), Status: f.status, Class: f.class, Expected: f.expected, Actual: f.actual,
		Detail: about + ": " + f.detail + " (" + r.section + ")", Hint: f.hint,
	}
}

func passed(detail string, actual any) finding {
	return finding{status: verdict.Pass, detail: detail, actual: actual}
}

func skipped(detail string) finding { return finding{status: verdict.Skip, detail: detail} }

func failed(class verdict.Class, detail string, expected, actual any) finding {
	return finding{status: verdict.Fail, class: class, detail: detail, expected: expected, actual: actual}
}

// wrongKind is the finding on a claim that is not of the kind it must be.
func wrongKind(v jsonobject.Value, want string) finding {
	return failed(verdict.ClaimsMalformed, "is "+v.Noun()+", must be "+want, want, v.Any())
}

func (f finding) hinted(hint string) finding {
	f.hint = hint
	return f
}

// hasType demands the header's "typ" (RFC 8725 §3.11). Where the specification
// only recommends it, a header that says no more than that this is a JWT will do.
func hasType(want, section string, recommended bool) rule {
	return rule{"typ", section, func(q *inquiry) finding {
		v, ok := q.header.Get("typ")
		got, isText := v.Text()
		switch {
		case ok && isText && jwt.MediaType(got) == jwt.MediaType(want):
			return passed("is "+phrase.Quote(got), got)
		case recommended && !ok:
			return skipped("the header has none; " + phrase.Quote(want) + " is recommended")
		case recommended && jwt.MediaType(got) == "jwt":
			return skipped("is " + phrase.Quote(got) + "; " + phrase.Quote(want) + " is recommended")
		case !ok:
			return failed(verdict.TypMismatch, "the header has none, want "+phrase.Quote(want), want, nil)
		default:
			return failed(verdict.TypMismatch, "is "+phrase.JSON(v)+", want "+phrase.Quote(want), want, v.Any())
		}
	}}
}

// has demands claims that are there and not null: one rule for each that is not,
// and one for all where all are.
func has(section string, names ...string) []rule {
	absent := func(q *inquiry, name string) bool {
		v, ok := q.claims.Get(name)
		return !ok || v.Kind() == 'n'
	}
	rules := []rule{{"claims", section, func(q *inquiry) finding {
		for _, name := range names {
			if absent(q, name) {
				return finding{}
			}
		}
		return passed(strings.Join(names, ", ")+" are there", names)
	}}}
	for _, name := range names {
		rules = append(rules, rule{name, section, func(q *inquiry) finding {
			if !absent(q, name) {
				return finding{}
			}
			return failed(verdict.MissingClaim, "missing, but required", nil, nil)
		}})
	}
	return rules
}

// A kind is a test of what a claim is, and how a sentence calls it.
type kind struct {
	noun string
	is   func(jsonobject.Value) bool
}

var (
	aText   = kind{"a string", func(v jsonobject.Value) bool { return v.Kind() == '"' }}
	aNumber = kind{"a number", func(v jsonobject.Value) bool { return v.Kind() == '0' }}
	texts   = kind{"an array of strings", func(v jsonobject.Value) bool { _, ok := v.Texts(); return ok }}
)

// is demands that claims, where they are there, are of the kind. It has nothing
// to say of those that are.
func is(k kind, section string, names ...string) []rule {
	var rules []rule
	for _, name := range names {
		rules = append(rules, rule{name, section, func(q *inquiry) finding {
			v, ok := q.claims.Get(name)
			if !ok || k.is(v) {
				return finding{}
			}
			return wrongKind(v, k.noun)
		}})
	}
	return rules
}

// text returns a claim that is a string.
func (q *inquiry) text(name string) (string, bool) {
	v, _ := q.claims.Get(name)
	return v.Text()
}

// same requires a claim to equal the expected text.
func (q *inquiry) same(name, want string, mismatch verdict.Class) finding {
	v, ok := q.claims.Get(name)
	if !ok {
		return failed(verdict.MissingClaim, "missing, want "+phrase.Quote(want), want, nil)
	}
	if got, ok := v.Text(); !ok || got != want {
		return failed(mismatch, "is "+phrase.JSON(v)+", want "+phrase.Quote(want), want, v.Any())
	}
	return finding{status: verdict.Pass, detail: "is " + phrase.Quote(want), expected: want, actual: want}
}

func rules(groups ...[]rule) []rule {
	var all []rule
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

func oneRule(name, section string, test func(q *inquiry) finding) []rule {
	return []rule{{name, section, test}}
}
