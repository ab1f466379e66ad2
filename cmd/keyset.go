package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/input"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/privatefile"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

var keySetCommand = command{
	use:   "set",
	short: "list, find, add, remove and merge the keys of a JWK Set",
	build: func(_ *Env, c *cobra.Command) {
		c.Long = `Look into a JWK Set, and edit one in its file. A set that is edited is written
whole or stays as it was; keys in it that are not understood stay too.

Only public halves are put into a set, unless --private says otherwise.`
		c.Example = `  jwt key set list jwks.json
  jwt key set list --from https://issuer.example/jwks.json
  jwt key set find jwks.json --kid 2026-01 | jwt key convert --to pem
  jwt key set add jwks.json new.pem --kid 2026-02
  jwt key set remove jwks.json --kid 2025-01
  jwt key set merge a.json oidc:https://issuer.example -o all.json`
	},
	subs: []*command{
		&keySetListCommand,
		&keySetFindCommand,
		&keySetAddCommand,
		&keySetRemoveCommand,
		&keySetMergeCommand,
	},
}

// fromOption is another way to give a set: for scripts that say where from.
func addFrom(f *pflag.FlagSet, sources *[]string) {
	f.StringArrayVar(sources, "from", nil, "take keys from this `SOURCE` too: https://…, oidc:ISSUER, a file (repeatable)")
}

var keySetListCommand = command{
	use:     "list [SET…]",
	short:   "a line for each key",
	aliases: []string{"ls"},
	build: func(env *Env, c *cobra.Command) {
		var o keySetListOptions
		c.Long = `List the keys of a set: kid, kind, which half, use and algorithm.`
		c.Example = `  jwt key set list jwks.json
  jwt key set list -j --from oidc:https://issuer.example | jq -r '.keys[].kid'`
		c.Annotations = map[string]string{exits: "0 1 2 3 7 8"}
		c.Args = anyKeys
		addFrom(c.Flags(), &o.from)
		o.source.addFlags(c.Flags())
		o.output.addFlags(c.Flags())
		o.output.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runKeySetList(c.Context(), env, o, args) }
	},
}

type keySetListOptions struct {
	source keySourceOptions
	output outputOptions
	from   []string
}

func runKeySetList(ctx context.Context, env *Env, o keySetListOptions, args []string) error {
	if err := o.output.check(); err != nil {
		return err
	}
	ring, err := o.source.ring(ctx, env, o.output, append(args, o.from...))
	if err != nil {
		return err
	}
	report := render.Keys{Show: dateOptions{}.show, Width: env.Width}
	var failures []error
	err = ring.each(func(s keySource, err error) error {
		addInspected(&report, s, ring)
		failures = append(failures, err)
		return nil
	})
	if err != nil {
		return err
	}
	failure := firstOf(failures)
	if o.output.wantJSON(env) {
		object := report.JSON()
		if failure != nil {
			object = append(object, errorObject(failure)...)
		}
		return errors.Join(o.output.writeJSON(env, object), failure)
	}
	t := o.output.text(env)
	report.List(t)
	return errors.Join(o.output.write(env, t.Bytes()), failure)
}

var keySetFindCommand = command{
	use:     "find [SET…] --kid ID",
	short:   "print the key of a kid",
	aliases: []string{"get"},
	build: func(env *Env, c *cobra.Command) {
		var o keySetFindOptions
		c.Long = `Print the key of that kid, compared byte for byte: its public half, or all of
it with --private. The thumbprint of a key finds it too.`
		c.Example = `  jwt key set find jwks.json --kid 2026-01
  jwt key set find --from oidc:https://issuer.example --kid 2026-01 --format pem`
		c.Annotations = map[string]string{exits: "0 1 2 3 7 8"}
		c.Args = anyKeys
		o.addFlags(c.Flags())
		o.form.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runKeySetFind(c.Context(), env, o, args) }
	},
}

type keySetFindOptions struct {
	source  keySourceOptions
	form    keyFormOptions
	from    []string
	kid     string
	private bool
}

func (o *keySetFindOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.kid, "kid", "", "the key's `ID`, or its thumbprint")
	f.BoolVar(&o.private, "private", false, "print a private key or secret as it is")
	addFrom(f, &o.from)
	o.form.addFlags(f, "format", "jwk")
	o.source.addFlags(f)
}

func runKeySetFind(ctx context.Context, env *Env, o keySetFindOptions, args []string) error {
	if err := o.form.check(); err != nil {
		return err
	}
	if o.kid == "" {
		return verdict.Errorf(verdict.Usage, "no kid given").Hintf("--kid ID; jwt key set list shows them")
	}
	form := jwk.FormatJWK
	if o.form.form != "" {
		var err error
		if form, err = jwk.ParseFormat(o.form.form); err != nil {
			return flagError("format", err)
		}
	}
	ring, err := o.source.ring(ctx, env, o.form.output(), append(args, o.from...))
	if err != nil {
		return err
	}
	sources, err := ring.usable()
	if err != nil {
		return err
	}
	all := textsOf(sources)
	found := slices.DeleteFunc(slices.Clone(all), func(t keyText) bool { return !t.isNamed(o.kid) })
	if len(found) == 0 {
		return verdict.Errorf(verdict.KeyNotFound, "no key has kid %s", jsonobject.Quote(o.kid)).
			Hintf("there is %s", jwk.ListIDs(keysOf(all)))
	}
	if !o.private {
		if found, err = publicHalves(ring, found); err != nil {
			return err
		}
		form = form.Public()
	}
	private := holdsPrivate(found) && form != jwk.FormatSPKI
	content, err := keyWriter{form: form, indent: !o.form.toStdout() || env.StdoutTTY}.write(found)
	if err != nil {
		return err
	}
	return o.form.emit(env, content, form, private, false)
}

// isNamed reports whether the key has that kid, or that thumbprint.
func (t keyText) isNamed(id string) bool {
	return t.key.HasID && t.key.ID == id || !t.key.IsSecret() && t.key.Thumbprint() == id
}

func keysOf(texts []keyText) []jwk.Key {
	var keys []jwk.Key
	for _, t := range texts {
		keys = append(keys, t.key)
	}
	return keys
}

// readSetFile reads a set that is to be edited.
func readSetFile(ring *keyring, path string) (keySource, error) {
	if input.IsStdin(path) || strings.Contains(path, "://") || strings.HasPrefix(path, "{") {
		return keySource{}, verdict.Errorf(verdict.Usage, "%s is no file, and only the set in a file is edited", shortened(path)).
			Hintf("jwt key set merge prints a new set")
	}
	path = strings.TrimPrefix(path, "@")
	s, err := ring.read("@" + path)
	s.name = path
	isEncrypted := func(k jwk.Key) bool { return strings.HasPrefix(k.Format, "encrypted ") }
	switch {
	case err != nil && len(s.set.Skipped) > 0 && s.set.IsWrittenAsSet():
		return s, nil // of no use as it is, but fit to be edited
	case err != nil:
		return s, err
	case !s.set.IsWrittenAsSet():
		return s, verdict.Errorf(verdict.JWKInvalid, "%s: is no JWK Set but %s", path, s.set.Keys[0].Format).
			Hintf("jwt key convert %s --to jwks -o SET makes one of it", path)
	case slices.ContainsFunc(s.set.Keys, isEncrypted):
		return s, verdict.Errorf(verdict.KeyRefused, "%s: is encrypted, and is not edited as it is", path).
			Hintf("jwt key convert %s -o SET opens it", path)
	}
	return s, nil
}

// writeSetFile puts the edited set in the place of the old one, or makes a new
// file. Private keys make it private; otherwise it keeps its mode.
func writeSetFile(s keySource, exists bool, entries []jwk.Entry) error {
	content := append(render.JSON(s.set.With(entries), true), '\n')
	mode := privatefile.Public
	if slices.ContainsFunc(entries, func(e jwk.Entry) bool { return e.Err == nil && e.Key.IsPrivate() }) {
		mode = privatefile.Private
	} else if exists && s.mode != 0 {
		mode = s.mode
	}
	files := privatefile.Files{}
	if exists {
		files.Replace(s.name, content, mode)
	} else {
		files.Add(s.name, content, mode)
	}
	return fileFailure(files.Commit())
}
