package token

import (
	"context"
	"slices"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/trust"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// trusted returns the trust entries if they decide: with --as, or without any key. Otherwise it
// returns nil.
func (o verifyOptions) trusted(env *cli.Env) ([]trust.Entry, error) {
	switch {
	case o.flags.Changed("as") && (o.keys.Given() || o.anchors.given()):
		return nil, verdict.Errorf(verdict.Usage, "--as takes the keys of a trust entry, and no other key")
	case o.keys.Given(), o.anchors.given(), o.profile.ownKey() && !o.flags.Changed("as"):
		return nil, nil
	}
	all, err := keysource.Trusted(env)
	if err == nil && o.flags.Changed("as") && len(all) == 0 {
		_, err = trust.ByName(all, o.as)
	}
	return all, err
}

// verifyTrusted verifies under the trust entry that --as names, or else the one for the issuer
// of the token.
func (o verifyOptions) verifyTrusted(ctx context.Context, env *cli.Env, all []trust.Entry, args []string) error {
	if o.flags.Changed("as") {
		e, err := trust.ByName(all, o.as)
		if err != nil {
			return o.refuse(env, err)
		}
		return o.under(ctx, env, e, env.Input(), args)
	}
	if o.batch {
		return o.refuse(env, verdict.Errorf(verdict.Usage, "--batch verifies under one trust entry").Hintf("--as NAME; known are %s", trust.Names(all)))
	}
	in := env.Input()
	found, err := o.token.Read(env, o.output, in, args, false)
	if err != nil {
		return o.answer(env, verify.NoToken(err))
	}
	e, err := entryFor(found.Token, all)
	if err != nil {
		policy, policyErr := o.policy()
		if policyErr != nil {
			return policyErr
		}
		now, atErr := o.at.Now(env)
		if atErr != nil {
			return atErr
		}
		sources := keysource.Options{}.Sources(ctx, env, o.output)
		return o.answer(env, verify.Token(found.Token, noEntry{sources, err}, policy, now))
	}
	return o.under(ctx, env, e, in, []string{found.Token})
}

// entryFor returns the entry for the issuer that the token names. Nothing of the token is
// verified yet: it can choose among the entries, and the entry's keys must verify it.
func entryFor(text string, all []trust.Entry) (trust.Entry, error) {
	t, err := token.OpenSigned(text)
	if err != nil {
		return trust.Entry{}, err
	}
	t.ReadClaims()
	iss, ok := t.Claims.Text("iss")
	if !ok {
		return trust.Entry{}, verdict.Errorf(verdict.KeyNotFound, "iss: is missing, so no trust entry is chosen by it").
			Hintf("--as NAME chooses one; known are %s", trust.Names(all))
	}
	return trust.ByIssuer(all, iss)
}

// noEntry is the source of keys for a token whose issuer has no entry.
type noEntry struct {
	*keysource.Sources
	err error
}

func (n noEntry) Keys() ([]jwk.Key, error) { return nil, n.err }

// under verifies under one entry. Flags override its fields.
func (o verifyOptions) under(ctx context.Context, env *cli.Env, e trust.Entry, in *input.Reader, args []string) error {
	if o.jws && (len(e.Aud) > 0 || e.Profile != "") { // which would not be checked
		return o.refuse(env, verdict.Errorf(verdict.Usage, "the trust entry %s requires an audience or a profile: --jws treats the payload as opaque and checks no claims", phrase.Quote(e.Name)).
			Hintf("--key SOURCE, or an entry for such tokens without aud and profile"))
	}
	o.take(env, e)
	return o.run(ctx, env, in, args)
}

// take takes the keys and the fields of an entry.
func (o *verifyOptions) take(env *cli.Env, e trust.Entry) {
	o.keys.Trust(env, e)
	if !o.flags.Changed("iss") {
		o.issuers = e.Iss()
	}
	if !o.flags.Changed("aud") {
		o.audiences = e.Aud
	}
	if !o.flags.Changed("profile") {
		o.profile.name = e.Profile
	}
	if !o.flags.Changed("leeway") && e.Leeway != "" {
		o.leeway = e.Leeway
	}
	o.entry = e.Name
}

// withEntry adds to a report which entry decided, before the check of the key.
func (o verifyOptions) withEntry(r verify.Report) verify.Report {
	if o.entry == "" {
		return r
	}
	r.Opening = nil // the report begins like no other
	at := slices.IndexFunc(r.Checks, func(c verdict.Check) bool { return c.Name == "alg" || c.Name == "key" })
	if at < 0 {
		at = len(r.Checks)
	}
	r.Opening = nil // it has not this check
	r.Checks = slices.Insert(slices.Clone(r.Checks), at, verdict.Check{
		Name: "trust", Status: verdict.Pass, Actual: o.entry, Detail: "the entry " + phrase.Quote(o.entry) + " of config.toml decides",
	})
	return r
}

// trustNames returns the names of the entries, for completion.
func trustNames(env *cli.Env) func() []string {
	return func() []string {
		all, _ := keysource.Trusted(env)
		var names []string
		for _, e := range all {
			names = append(names, e.Name)
		}
		return names
	}
}
