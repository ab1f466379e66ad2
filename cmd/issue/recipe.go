package issue

import (
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
	"jwt/internal/phrase"
	"jwt/internal/recipe"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// recipes returns the shipped recipes and those of config.toml.
func recipes(env *cli.Env) ([]recipe.Recipe, error) {
	c, err := env.ReadConfig()
	if err != nil {
		return nil, err
	}
	return recipe.All(c)
}

// findRecipe returns the recipe of --recipe, or nil without it.
func (o signOptions) findRecipe(env *cli.Env) (*recipe.Recipe, error) {
	if !o.given("recipe") {
		return nil, nil
	}
	if o.given("from") {
		return nil, verdict.Errorf(verdict.Usage, "--recipe and --from contradict each other: both make the claims")
	}
	all, err := recipes(env)
	if err != nil {
		return nil, err
	}
	r, err := recipe.Find(o.recipe, all)
	return &r, err
}

// fillRecipe returns the header and the claims of the recipe, changed by the given claims and the
// flags.
func (o *signOptions) fillRecipe(r recipe.Recipe, in *input.Reader, given jsonobject.Object, key jwk.Key, now time.Time) (header, claims jsonobject.Object, err error) {
	inputs, err := o.recipeInputs(r, in, key)
	if err != nil {
		return header, claims, err
	}
	o.claims = o.claims.withoutInputs(r)
	if missing := r.Missing(inputs); len(missing) > 0 {
		return header, claims, missingInputs(r, missing)
	}
	filled, claims, err := r.Fill(recipe.Values{Inputs: inputs, Key: key, Now: now, UUID: uuid})
	if err != nil {
		return header, claims, err
	}
	header.Set("alg", jsonobject.Quote("")) // set later; it comes first
	header.Set("typ", jsonobject.Quote(o.typ))
	for _, m := range filled.Members() {
		header.Set(m.Name, m.Value)
	}
	for _, m := range given.Members() {
		claims.Set(m.Name, m.Value)
	}
	if err := o.editClaims(&claims, now); err != nil {
		return header, claims, err
	}
	if o.claims.noIat {
		claims.Delete("iat")
	}
	return header, claims, checkLifetime(r, claims, now)
}

// recipeInputs returns the inputs that flags give.
func (o signOptions) recipeInputs(r recipe.Recipe, in *input.Reader, key jwk.Key) (map[string]jsonobject.Value, error) {
	inputs := map[string]jsonobject.Value{}
	var named jsonobject.Object // the claims of --iss, --sub, --aud and --jti
	o.claims.setTexts(&named)
	for _, m := range named.Members() {
		inputs[m.Name] = m.Value
	}
	switch {
	case o.given("kid"):
		inputs["kid"] = jsonobject.Quote(o.kid)
	case key.HasID:
		inputs["kid"] = jsonobject.Quote(key.ID)
	}
	for _, flag := range []string{"x5c", "x5t"} {
		if o.given(flag) {
			inputs[flag] = jsonobject.Quote(flag) // the header gets the certificate, see certify
		}
	}
	members, err := parseMembers("-c", o.claims.members)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		at := slices.IndexFunc(r.Inputs, func(i recipe.Input) bool { return i.Name == m.Name })
		switch {
		case at < 0:
		case r.Inputs[at].Source:
			if inputs[m.Name], err = readCredential(in, m); err != nil {
				return nil, err
			}
		default:
			inputs[m.Name] = m.Value
		}
	}
	return inputs, nil
}

// readCredential reads an input that is a credential from its source. It refuses a literal one,
// which a list of processes and the history of a shell would show.
func readCredential(in *input.Reader, m jsonobject.Member) (jsonobject.Value, error) {
	source, _ := m.Value.Text()
	s, literal, err := in.Secret(source, jws.MaxTokenBytes)
	switch {
	case err != nil:
		return nil, err
	case literal:
		return nil, verdict.Errorf(verdict.Usage, "-c %s: is a credential, must be read from a source", m.Name).
			Hintf("-c %s=env:NAME, -c %s=@FILE or -c %s=-", m.Name, m.Name, m.Name)
	}
	return jsonobject.Quote(string(s.Data)), nil
}

// missingInputs returns the error for required inputs that no flag gives.
func missingInputs(r recipe.Recipe, missing []recipe.Input) error {
	var whats, flags []string
	for _, i := range missing {
		whats = append(whats, i.Name+" ("+i.About+")")
		flags = append(flags, inputFlag(i))
	}
	return verdict.Errorf(verdict.Usage, "the recipe %s needs %s", r.Name, phrase.List(whats)).Hintf("%s", strings.Join(flags, " "))
}

// ownFlags are the inputs that have a flag of their name.
var ownFlags = []string{"iss", "sub", "aud", "jti", "kid", "x5t", "x5c"}

// inputFlag returns the flag that gives an input.
func inputFlag(i recipe.Input) string {
	switch {
	case i.Name == "x5t" || i.Name == "x5c":
		return "--" + i.Name + " CERT"
	case slices.Contains(ownFlags, i.Name):
		return "--" + i.Name + " " + strings.ToUpper(i.Name)
	case i.Source:
		return "-c " + i.Name + "=SOURCE"
	}
	return "-c " + i.Name + "=VALUE"
}

// withoutInputs returns the claims of -c that are not inputs of the recipe, which its templates
// place.
func (o claimOptions) withoutInputs(r recipe.Recipe) claimOptions {
	o.members = slices.DeleteFunc(slices.Clone(o.members), func(text string) bool {
		m, err := jwt.ParseMember(text)
		return err == nil && r.Takes(m.Name) && !slices.Contains(ownFlags, m.Name)
	})
	return o
}

// checkLifetime refuses a lifetime that the platform of the recipe refuses.
func checkLifetime(r recipe.Recipe, claims jsonobject.Object, now time.Time) error {
	var exp, iat time.Time
	for name, into := range map[string]*time.Time{"exp": &exp, "iat": &iat} {
		if v, ok := claims.Get(name); ok {
			if d, ok := jwt.ParseNumericDate(v); ok {
				*into, _ = d.Time()
			}
		}
	}
	if exp.IsZero() {
		return nil
	}
	return r.CheckLifetime(exp, iat, now)
}

// algOf returns the algorithm of a recipe for the key: the first that fits, or that of --alg.
func (o signOptions) algOf(r recipe.Recipe, key jwk.Key) (jwa.Algorithm, error) {
	if len(r.Algs) == 0 {
		return o.algFor(key)
	}
	if len(o.keys.Algs) == 1 && !slices.Contains(r.Algs, o.keys.Algs[0]) {
		return jwa.Algorithm{}, verdict.Errorf(verdict.Usage, "--alg: is %s, the recipe %s allows %s", o.keys.Algs[0], r.Name, strings.Join(r.Algs, ", "))
	}
	if len(o.keys.Algs) == 1 {
		return o.algFor(key)
	}
	for _, name := range r.Algs {
		if alg, ok := jwa.Lookup(name); ok && key.Fits(alg, o.operation()) == nil {
			return alg, nil
		}
	}
	return jwa.Algorithm{}, verdict.Errorf(verdict.KeyMismatch, "%s has %s, the recipe %s requires a key for %s", key.Source, key.Kind(), r.Name, strings.Join(r.Algs, " or ")).
		Hintf("%s", r.Page)
}

// listed returns the recipe of --recipe, or all without it.
func (o signOptions) listed(env *cli.Env) ([]recipe.Recipe, error) {
	if !o.given("recipe") {
		return recipes(env)
	}
	one, err := o.findRecipe(env)
	if err != nil {
		return nil, err
	}
	return []recipe.Recipe{*one}, nil
}

// list prints the recipes and their inputs.
func (o signOptions) list(env *cli.Env, args []string) error {
	if len(args) > 0 {
		return verdict.Errorf(verdict.Usage, "--recipes lists and takes no claims").Hintf("--recipes --recipe NAME lists one")
	}
	out := o.output
	all, err := o.listed(env)
	if err != nil {
		return err
	}
	if out.SaysJSON() {
		return out.WriteJSON(env, render.Recipes(all))
	}
	var b strings.Builder
	for _, r := range all {
		b.WriteString(r.Name + "\n")
		for _, line := range []string{r.Title, r.Page, recipeLimits(r)} {
			if line != "" {
				b.WriteString("    " + line + "\n")
			}
		}
		for _, i := range r.Inputs {
			b.WriteString("    " + inputFlag(i) + "   " + i.About + inputNote(i) + "\n")
		}
	}
	return out.Write(env, []byte(b.String()))
}

func recipeLimits(r recipe.Recipe) string {
	parts := []string{}
	if len(r.Algs) > 0 {
		parts = append(parts, strings.Join(r.Algs, " or "))
	}
	if r.Shortest != "" {
		parts = append(parts, "valid for at least "+r.Shortest)
	}
	if r.Longest != "" {
		parts = append(parts, "valid for at most "+r.Longest)
	}
	return strings.Join(parts, ", ")
}

// inputNote returns the note in the list for an input that may be missing.
func inputNote(i recipe.Input) string {
	switch byDefault := i.Default.(type) {
	case string:
		return " (default: " + byDefault + ")"
	case int64:
		return " (default: " + string(jsonobject.Int(byDefault)) + ")"
	}
	if i.Optional {
		return " (optional)"
	}
	return ""
}

// recipeNames returns the names of the recipes, for completion.
func recipeNames(env *cli.Env) func() []string {
	return func() []string {
		all, _ := recipes(env)
		var names []string
		for _, r := range all {
			names = append(names, r.Name+"\t"+r.Title)
		}
		return names
	}
}
