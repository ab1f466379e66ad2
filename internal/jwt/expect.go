package jwt

import (
	"slices"
	"strconv"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// An Expectation is a claim and what it must be.
type Expectation struct {
	Path string // in the form of Lookup
	Op   Operator
	Want jsonobject.Value
}

// An Operator compares a claim with the wanted value.
type Operator string

// The operators. The ordering ones compare numbers, exactly.
const (
	Equals  Operator = ""
	Has     Operator = "~=" // an array has the text as an element, or a string as one of its words
	Less    Operator = "<"
	AtMost  Operator = "<="
	More    Operator = ">"
	AtLeast Operator = ">="
)

// ParseExpectation reads the argument of --claim: NAME=TEXT for a string claim equal to TEXT,
// NAME:=JSON for a claim equal to the JSON value (numbers by value, members in any order, array
// elements in order), NAME~=TEXT for an array or a string of words that has TEXT, or NAME<N,
// NAME<=N, NAME>N, NAME>=N for a number.
func ParseExpectation(s string) (Expectation, error) {
	path, op, value := cutOperator(s)
	switch op {
	case Equals:
		m, err := ParseMember(s)
		return Expectation{Path: m.Name, Want: m.Value}, err
	case Has:
		m, err := ParseMember(path + "=" + value)
		return Expectation{Path: m.Name, Op: op, Want: m.Value}, err
	}
	m, err := ParseMember(path + ":=" + value)
	if err == nil && m.Value.Kind() != '0' {
		err = memberError("%s: %s compares numbers, got %s", phrase.Short(path), string(op), m.Value.Noun())
	}
	return Expectation{Path: m.Name, Op: op, Want: m.Value}, err
}

// cutOperator finds the operator. The first "=" ends the name; without one, the first < or >.
func cutOperator(s string) (path string, op Operator, value string) {
	at := strings.IndexByte(s, '=')
	if at < 0 {
		if at = strings.IndexAny(s, "<>"); at > 0 {
			return s[:at], Operator(s[at : at+1]), s[at+1:]
		}
		return s, Equals, ""
	}
	if at > 1 {
		for _, op := range []Operator{Has, AtMost, AtLeast} {
			if s[at-1:at+1] == string(op) {
				return s[:at-1], op, s[at+1:]
			}
		}
	}
	return s[:at], Equals, s[at+1:]
}

// meets reports whether the value of the claim is what is expected.
func (x Expectation) meets(v jsonobject.Value) bool {
	switch x.Op {
	case Equals:
		return jsonobject.Equal(v, x.Want)
	case Has:
		want, _ := x.Want.Text()
		return slices.Contains(words(v), want)
	}
	if v.Kind() != '0' {
		return false
	}
	c := v.Decimal().Compare(x.Want.Decimal())
	switch x.Op {
	case Less:
		return c < 0
	case AtMost:
		return c <= 0
	case More:
		return c > 0
	}
	return c >= 0
}

// words returns the strings in an array, or the words of a string, as OAuth separates scopes.
func words(v jsonobject.Value) []string {
	if text, ok := v.Text(); ok {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) // RFC 6749 §3.3: no other white space
	}
	elements, _ := v.Elements()
	var list []string
	for _, e := range elements {
		if s, ok := e.Text(); ok {
			list = append(list, s)
		}
	}
	return list
}

// want describes the expectation in a message.
func (x Expectation) want() string {
	switch x.Op {
	case Equals:
		return phrase.JSON(x.Want)
	case Has:
		return "one that has " + phrase.JSON(x.Want)
	}
	return string(x.Op) + " " + phrase.JSON(x.Want)
}

// expected is the expectation in a report.
func (x Expectation) expected() any {
	switch x.Op {
	case Equals, Has:
		return x.Want.Any()
	}
	return string(x.Op) + " " + string(x.Want)
}

func (e *Examiner) expect(x Expectation) {
	name := "claim:" + x.Path
	v, ok := e.claims.Lookup(x.Path)
	if !ok {
		e.missing(name, phrase.Short(x.Path), "want "+x.want(), x.expected())
		return
	}
	c := verdict.Check{
		Name: name, Status: verdict.Pass, Expected: x.expected(), Actual: v.Any(),
		Detail: phrase.Short(x.Path) + ": is " + phrase.JSON(v),
	}
	if !x.meets(v) {
		c.Status, c.Class = verdict.Fail, verdict.ClaimMismatch
		c.Detail += ", want " + x.want()
		c.Hint = expectHint(x, v)
	}
	e.add(c)
}

// expectHint returns the flag to use if the caller expects a text and the claim is of
// another type but looks like that text, or says why text that spells a number is not compared.
func expectHint(x Expectation, v jsonobject.Value) string {
	want, ok := x.Want.Text()
	switch {
	case x.Op != Equals && x.Op != Has && spellsNumber(v):
		return "the claim is text, and only a number is compared: the issuer must write it without quotes"
	case !ok || x.Op != Equals:
		return ""
	}
	path, text := phrase.Short(x.Path), phrase.Short(want)
	switch {
	case string(v) == want:
		return "--claim " + path + ":=" + text + " compares with " + v.Noun()
	case slices.Contains(words(v), want):
		return "--claim " + path + "~=" + text + " looks for one of several"
	}
	return ""
}

// spellsNumber reports whether v is text with a number in it.
func spellsNumber(v jsonobject.Value) bool {
	text, _ := v.Text()
	number, err := jsonobject.ParseValue([]byte(text))
	return err == nil && number.Kind() == '0'
}

// scopeClaims are the claims in which vendors write what a token may be used for: RFC 8693 §4.2,
// Okta and Entra, others, Auth0. Each is an array or a string of words.
var scopeClaims = []string{"scope", "scp", "scopes", "permissions"}

// scopes checks that the token has every wanted scope.
func (e *Examiner) scopes() {
	if len(e.Scopes) == 0 {
		return
	}
	var has []string
	present := false
	for _, claim := range scopeClaims {
		if v, ok := e.claims.Get(claim); ok {
			present = true
			has = append(has, words(v)...)
		}
	}
	if !present {
		e.missing("scope", "scope", "want "+phrase.QuotedList(e.Scopes), e.Scopes)
		if _, ok := e.claims.Get("roles"); ok {
			e.checks[len(e.checks)-1].Hint = "--claim 'roles~=NAME' looks in roles, where Entra ID has the permissions of an app"
		}
		return
	}
	var lacks []string
	for _, want := range e.Scopes {
		if !slices.Contains(has, want) {
			lacks = append(lacks, want)
		}
	}
	c := verdict.Check{Name: "scope", Status: verdict.Pass, Expected: e.Scopes, Actual: has, Detail: "scope: has " + strconv.Itoa(len(has)) + ", among them " + phrase.QuotedList(e.Scopes)}
	if len(lacks) > 0 {
		c.Status, c.Class = verdict.Fail, verdict.ClaimMismatch
		c.Detail = "scope: lacks " + phrase.QuotedList(lacks) + ", has " + phrase.QuotedList(has)
	}
	e.add(c)
}
