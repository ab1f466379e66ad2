package token

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// start returns the header and the claims that flags come on top of: of --from,
// or an empty header and the claims that were given.
func (o signOptions) start(env *cli.Env, ring *keysource.Sources, args []string) (header, claims jsonobject.Object, err error) {
	if o.given("from") {
		return o.startFrom(env, ring, args)
	}
	claims, err = readClaims(ring.In, args, o.keys.FromStdin(), o.claims.any())
	return header, claims, err
}

// readClaims reads the JSON object that was given; an empty one, where the flags
// alone say what is claimed.
func readClaims(in *input.Reader, args []string, stdinIsKey, byFlags bool) (claims jsonobject.Object, err error) {
	if len(args) == 0 && (stdinIsKey || !in.HasText(args)) {
		return claims, nil
	}
	text, err := in.Text(args, "claims", jws.MaxTokenBytes)
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	switch {
	case err != nil, len(args) == 0 && byFlags && len(bytes.TrimSpace(text)) == 0:
		return claims, err
	case len(bytes.TrimSpace(text)) == 0:
		return claims, verdict.Errorf(verdict.ClaimsMalformed, "the claims are empty").Hintf("%s", whyEmpty(args))
	}
	claims, err = jsonobject.Parse(text)
	switch {
	case errors.Is(err, jsonobject.ErrTooDeep):
		err = verdict.Errorf(verdict.LimitExceeded, "the claims are %w", err)
	case err != nil:
		err = verdict.Errorf(verdict.ClaimsMalformed, "the claims are not a JSON object: %w", err).Hintf("%s", hintForClaims(args, text))
	default:
		err = checkOnce(claims)
	}
	return claims, err
}

// whyEmpty says how claims come to be empty, and what to write if they are meant to.
func whyEmpty(args []string) string {
	switch {
	case len(args) > 0 && args[0] == "":
		return "is the shell variable set? no claims at all: '{}'"
	case len(args) > 0 && !input.IsStdin(args[0]):
		return "is the file filled? no claims at all: '{}'"
	}
	return "nothing came from stdin: give claims as JSON or by flags, no claims at all: '{}'"
}

// hintForClaims knows how text comes to be no JSON object.
func hintForClaims(args []string, text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return "this is UTF-16: save it as UTF-8"
	case len(args) > 0 && cli.IsFile(args[0]):
		return "to read a file, write @" + args[0]
	}
	return `quote the JSON: '{"sub":"alice"}', or use flags: --sub alice -c role=admin`
}

// checkOnce refuses claims of which one would be lost on most readers.
func checkOnce(claims jsonobject.Object) error {
	if twice := claims.Duplicates(); len(twice) > 0 {
		return verdict.Errorf(verdict.DuplicateMember, "the claims have %s more than once: no verifier takes that", strings.Join(twice, ", "))
	}
	return nil
}

func (o signOptions) startFrom(env *cli.Env, ring *keysource.Sources, args []string) (header, claims jsonobject.Object, err error) {
	if len(args) > 0 {
		return header, claims, verdict.Errorf(verdict.Usage, "--from brings its own claims; the argument has nowhere to go").
			Hintf("set single claims with flags: -c NAME=VALUE")
	}
	found, err := o.token.read(env, o.output, ring.In, []string{o.from}, true)
	if err != nil {
		return header, claims, err
	}
	t, err := jws.Parse(found.Token)
	if err != nil {
		return header, claims, err
	}
	claims, err = jwt.ParseClaims(t.Payload)
	return t.Header, claims, err
}

// editClaims applies the flags. Times count from --at.
func (o signOptions) editClaims(claims *jsonobject.Object, now time.Time) error {
	for _, name := range o.unset {
		if !claims.Delete(name) {
			return verdict.Errorf(verdict.MissingClaim, "--unset %s: there is no such claim", name)
		}
	}
	if err := o.claims.set(claims, now, !o.given("from")); err != nil {
		return err
	}
	return checkOnce(*claims)
}

// editHeader puts alg first, then typ and kid, unless they have a place already.
func (o signOptions) editHeader(header *jsonobject.Object, key jwk.Key, alg jwa.Algorithm) error {
	name := alg.Name
	if name == "" {
		name = jwa.None
	}
	header.Set("alg", jsonobject.Quote(name))
	switch {
	case o.given("typ") && o.typ == "":
		header.Delete("typ")
	case o.given("typ"), !o.given("from"):
		header.Set("typ", jsonobject.Quote(o.typ))
	}
	switch {
	case o.given("kid"):
		header.Set("kid", jsonobject.Quote(o.kid))
	case key.HasID:
		header.Set("kid", jsonobject.Quote(key.ID))
	}
	for _, text := range o.header {
		m, err := jwt.ParseMember(text)
		switch {
		case err != nil:
			return err
		case slices.Contains([]string{"alg", "b64"}, m.Name):
			return verdict.Errorf(verdict.Usage, "--header %s: it is decided by the key and cannot be set", m.Name).
				Hintf("--alg NAME chooses among what the key can do")
		}
		header.Set(m.Name, m.Value)
	}
	for _, name := range o.unsetHeader {
		if name == "alg" || !header.Delete(name) {
			return verdict.Errorf(verdict.Usage, "--unset-header %s: it is not there, or cannot be left out", name)
		}
	}
	return nil
}
