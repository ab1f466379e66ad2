package profile

import (
	"crypto/x509"
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
	Name  string // for --profile
	About string // the kind of token and its specification

	// OwnKey is set if the specification requires the token to be verified under the
	// key in its own header. That proves that the sender holds the key, not who the
	// sender is. It is empty for other kinds of token.
	OwnKey string

	group string // prefix of the names of its checks; "" is profile:Name
	rules []rule
}

// A Presentation holds what came with a token and what its verifier expects. nil means
// unknown. Times and lists have the meaning that they have in a Policy.
type Presentation struct {
	Alg        jwa.Algorithm       // of the signature that verified
	Curve      string              // of the key; "" if it has none
	Thumbprint string              // of the key (RFC 7638); "" for a secret
	Chain      []*x509.Certificate // of the key, the leaf first, if it reached a trust anchor

	Audiences []string
	MaxAge    *time.Duration
	Leeway    time.Duration
	Location  *time.Location

	Nonce         *string // compared by the Policy or the Profile
	AccessToken   *string
	Code          *string // the authorization code
	State         *string // of the authorization request
	Method, URI   *string // of the HTTP request
	KeyThumbprint *string // expected Thumbprint
	Signer        string  // the ARN of the load balancer; "" for any
	Digest        *string // of the SD-JWT that the key binding covers
}

// A rule is one requirement of a profile.
type rule struct {
	name    string // in the name of the check, and at the start of the detail
	section string // of the specification
	test    func(q *inquiry) finding
}

// A finding is the result of a rule. The rule's name is added before its detail and the
// section after it.
type finding struct {
	status           verdict.Status // "" if the rule does not apply
	class            verdict.Class
	expected, actual any
	detail, hint     string
	about            string // the claim of the detail, if it is not the one that the rule is named after
}

// An inquiry is one run of a profile.
type inquiry struct {
	claims, header jsonobject.Object
	with           Presentation
	now            time.Time
}

// Lookup returns the profile with exactly this name.
func Lookup(name string) (Profile, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// All returns the profiles that can be chosen.
func All() []Profile {
	return []Profile{accessToken(), idToken(), logoutToken(), dpopProof(), credentialProof(), securityEvent(), serviceAccount(), clientAssertion(), authorizationResponse(), workload(), digitalCredential(), verifiableCredential(), entra(), appleNotification(), loadBalancer()}
}

// Check checks verified claims and their header against the profile at the instant now.
// The checks are named profile:NAME:RULE and supplement those of Policy.Check, which
// compares the caller's expected values and reports claims whose type is not that of RFC
// 7519.
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

// CheckName returns the name of the check of a rule.
func (p Profile) CheckName(rule string) string {
	if p.group != "" {
		return p.group + ":" + rule
	}
	return "profile:" + p.Name + ":" + rule
}

// OwnKeyCheck returns a check of the key in the token's own header as a check of the
// profile.
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

// wrongKind returns the finding for a claim of the wrong type.
func wrongKind(v jsonobject.Value, want string) finding {
	return failed(verdict.ClaimsMalformed, "is "+v.Noun()+", must be "+want, want, v.Any())
}

func (f finding) hinted(hint string) finding {
	f.hint = hint
	return f
}

// hasType requires "typ" (RFC 8725 §3.11). If the specification only recommends it, a
// missing or generic "typ" passes.
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

// has requires claims that are present and not null: one rule for each missing claim, or
// one for all if none is missing.
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
		return passed(strings.Join(names, ", ")+" are present", names)
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

// A kind is a test of a claim's value and its name in messages.
type kind struct {
	noun string
	is   func(jsonobject.Value) bool
}

var (
	aText   = kind{"a string", func(v jsonobject.Value) bool { return v.Kind() == '"' }}
	aNumber = kind{"a number", func(v jsonobject.Value) bool { return v.Kind() == '0' }}
	texts   = kind{"an array of strings", func(v jsonobject.Value) bool { _, ok := v.Texts(); return ok }}
)

// is requires claims, if present, to be of the kind. It reports nothing for those that
// are.
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

// text returns a string claim.
func (q *inquiry) text(name string) (string, bool) {
	v, _ := q.claims.Get(name)
	return v.Text()
}

// textAt returns the string at a path.
func textAt(o jsonobject.Object, path string) (string, bool) {
	v, _ := o.Lookup(path)
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
