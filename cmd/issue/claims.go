package issue

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/input"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// start returns the header and the claims that flags then change: those of --from, or an
// empty header and the given claims.
func (o signOptions) start(env *cli.Env, sources *keysource.Sources, args []string) (header, claims jsonobject.Object, err error) {
	switch {
	case o.given("from"):
		return o.startFrom(env, sources, args)
	case o.given("payload-file"):
		return header, claims, nil
	}
	claims, err = readClaims(sources.In, args, o.keys.FromStdin() || o.given("recipe"), o.claims.any())
	return header, claims, err
}

// readClaims reads the given JSON object. It is empty if only flags set claims.
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
		return claims, keysource.InFile(args, verdict.Errorf(verdict.ClaimsMalformed, "the claims are empty").Hintf("%s", whyEmpty(args)))
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
	return claims, keysource.InFile(args, err)
}

// whyEmpty returns the hint for empty claims: the likely cause, and how to write none.
func whyEmpty(args []string) string {
	switch {
	case len(args) > 0 && args[0] == "":
		return "is the shell variable set? for no claims: '{}'"
	case len(args) > 0 && !input.IsStdin(args[0]):
		return "write the claims into it; for no claims: '{}'"
	}
	return "stdin is empty: give claims as JSON or by flags; for no claims: '{}'"
}

// hintForClaims returns the hint for claims that are not a JSON object.
func hintForClaims(args []string, text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return "this is UTF-16: save it as UTF-8"
	case compact.Looks(string(bytes.TrimSpace(text))):
		return "this is a token: --from TOKEN signs its claims again"
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")):
		return "this is PEM: a key is given with --key"
	case isAlmostJSON(text):
		return "JSON has no comments, no comma after the last member, and double quotes"
	case len(args) > 0 && cli.IsFile(args[0]):
		return "to read a file, write @" + args[0]
	case len(args) > 0 && strings.HasPrefix(args[0], "@"):
		return `the file has one JSON object: {"sub":"alice"}`
	}
	return `quote the JSON: '{"sub":"alice"}', or use flags: --sub alice -c role=admin`
}

// isAlmostJSON reports whether a text begins as an object of JSON or of a language like it.
func isAlmostJSON(text []byte) bool {
	inside, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte("{"))
	inside = bytes.TrimSpace(inside)
	return ok && len(inside) > 1 && (inside[0] == '"' || bytes.HasPrefix(inside, []byte("//")) || bytes.HasPrefix(inside, []byte("/*")))
}

// checkOnce refuses duplicate claims, of which most parsers keep only one.
func checkOnce(claims jsonobject.Object) error {
	if twice := claims.Duplicates(); len(twice) > 0 {
		return verdict.Errorf(verdict.DuplicateMember, "the claims have %s more than once, which verifiers refuse", strings.Join(twice, ", "))
	}
	return nil
}

func (o signOptions) startFrom(env *cli.Env, sources *keysource.Sources, args []string) (header, claims jsonobject.Object, err error) {
	if len(args) > 0 {
		return header, claims, verdict.Errorf(verdict.Usage, "--from has its own claims and takes no argument").
			Hintf("set single claims with flags: -c NAME=VALUE")
	}
	found, err := o.token.Read(env, o.output, sources.In, []string{o.from}, true)
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

// editClaims applies the flags to the claims. Times count from --at.
func (o signOptions) editClaims(claims *jsonobject.Object, now time.Time) error {
	for _, name := range o.unset {
		if !claims.Delete(name) {
			return verdict.Errorf(verdict.MissingClaim, "--unset %s: there is no such claim", name)
		}
	}
	if err := o.claims.set(claims, now, !o.given("from") && !o.given("recipe")); err != nil {
		return err
	}
	return checkOnce(*claims)
}

// editHeader sets alg, then typ and kid, and applies the flags to the header.
func (o signOptions) editHeader(header *jsonobject.Object, key jwk.Key, alg jwa.Algorithm) error {
	header.Set("alg", jsonobject.Quote(cmp.Or(alg.Name, jwa.None)))
	switch {
	case o.given("typ") && o.typ == "":
		header.Delete("typ")
	case o.given("typ"), !o.given("from") && !o.given("recipe"):
		header.Set("typ", jsonobject.Quote(o.typ))
	}
	switch {
	case o.given("kid"):
		header.Set("kid", jsonobject.Quote(o.kid))
	case key.HasID:
		header.Set("kid", jsonobject.Quote(key.ID))
	}
	o.certify(header, key)
	if err := setMembers(header, o.header, "alg", "b64"); err != nil {
		return err
	}
	for _, name := range o.unsetHeader {
		if name == "alg" || !header.Delete(name) {
			return verdict.Errorf(verdict.Usage, "--unset-header %s: is not in the header, or is required", name)
		}
	}
	return nil
}

// setMembers sets the members of -H in the header, except those that the program decides.
func setMembers(header *jsonobject.Object, texts []string, decided ...string) error {
	members, err := parseMembers("-H", texts)
	if err != nil {
		return err
	}
	for _, m := range members {
		if slices.Contains(decided, m.Name) {
			e := verdict.Errorf(verdict.Usage, "--header %s: cannot be set", m.Name)
			if m.Name != "b64" { // for which there is no flag
				e.Hint = "--" + m.Name + " chooses one that the key can do"
			}
			return e
		}
		header.Set(m.Name, m.Value)
	}
	return nil
}
