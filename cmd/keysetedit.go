package cmd

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

var keySetAddCommand = command{
	use:   "add SET KEY…",
	short: "put keys into a set",
	build: func(env *Env, c *cobra.Command) {
		var o keySetAddOptions
		c.Long = `Put keys into the set of a file, which is made where there is none. The public
half goes in; --private puts in the whole key, but not among public ones. A key
without a kid gets its thumbprint for one. A key that is there already stays
once; another under the same kid is an error, unless --force replaces it.`
		c.Example = `  jwt key set add jwks.json new.pem --kid 2026-02 --use sig --alg RS256
  jwt key set add private.jwks private.jwk --private
  jwt key set add jwks.json --from https://issuer.example/jwks.json`
		c.Annotations = map[string]string{exits: "0 1 2 3 7 8"}
		c.Args = setAndKeys
		o.addFlags(c.Flags())
		o.members.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.flags = c.Flags()
			return runKeySetAdd(c.Context(), env, o, args)
		}
	},
}

type keySetAddOptions struct {
	source  keySourceOptions
	members keyMembers
	from    []string
	private bool
	force   bool
	quiet   bool
	flags   *pflag.FlagSet
}

func (o *keySetAddOptions) addFlags(f *pflag.FlagSet) {
	o.members.addFlags(f)
	f.BoolVar(&o.private, "private", false, "put in private keys and secrets as they are")
	f.BoolVar(&o.force, "force", false, "replace a key of the same kid")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing on stderr")
	addFrom(f, &o.from)
	o.source.addFlags(f)
}

// setAndKeys wants the file of a set first.
func setAndKeys(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return verdict.Errorf(verdict.Usage, "no set given").Hintf("%s", c.UseLine())
	}
	return nil
}

func runKeySetAdd(ctx context.Context, env *Env, o keySetAddOptions, args []string) error {
	ring, err := o.source.ring(ctx, env, outputOptions{quiet: o.quiet}, append(args[1:len(args):len(args)], o.from...))
	if err != nil {
		return err
	}
	set, err := readSetFile(ring, args[0])
	exists := !errors.Is(err, fs.ErrNotExist)
	if err != nil && exists {
		return err
	}
	sources, err := ring.usable()
	if err != nil {
		return err
	}
	texts := textsOf(sources)
	if !o.private {
		if texts, err = publicHalves(ring, texts); err != nil {
			return err
		}
	}
	entries := set.set.Entries()
	for _, t := range texts {
		if t, err = o.members.edit(o.flags, t, jwk.FormatSet, len(texts)); err != nil {
			return err
		}
		if entries, err = o.put(entries, t, set.name); err != nil {
			return err
		}
	}
	if err := mixed(set.name, entries); err != nil {
		e := *classified(err)
		return e.Hintf("leave out --private: the public half goes in")
	}
	return writeSetFile(set, exists, entries)
}

// put adds a key to the entries, or puts it in the place of the one of its kid.
func (o keySetAddOptions) put(entries []jwk.Entry, t keyText, name string) ([]jwk.Entry, error) {
	named := t.key.HasID || o.flags.Changed("kid")
	if !named && !t.key.IsSecret() {
		t.key.ID, t.key.HasID = t.key.Thumbprint(), true
		t.jwk = withMember(t.jwk, "kid", t.key.ID)
	}
	entry := jwk.Entry{JWK: t.jwk.Bytes(), Key: t.key, ID: t.key.ID}
	for i, e := range entries {
		same := e.Err == nil && e.Key.Thumbprint() == t.key.Thumbprint()
		switch {
		case same && e.Key.IsPrivate() && !t.key.IsPrivate() && (!named || e.ID == entry.ID):
			return entries, nil // its other half is there
		case same && (!named || e.ID == entry.ID), o.force && entry.ID != "" && e.ID == entry.ID:
			if same && !named {
				entry = jwk.Entry{JWK: withMember(t.jwk, "kid", e.ID).Bytes(), Key: t.key, ID: e.ID}
			}
			return slices.Concat(entries[:i], []jwk.Entry{entry}, entries[i+1:]), nil
		case entry.ID != "" && e.ID == entry.ID:
			return nil, verdict.Errorf(verdict.KeyRefused, "%s: has another key of kid %s", name, jsonobject.Quote(entry.ID)).
				Hintf("--kid ID gives the new one another name; --force replaces the old one")
		}
	}
	return append(slices.Clone(entries), entry), nil
}

func keysOfEntries(entries []jwk.Entry) []jwk.Key {
	var keys []jwk.Key
	for _, e := range entries {
		if e.Err == nil {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

var keySetRemoveCommand = command{
	use:     "remove SET --kid ID…",
	short:   "take keys out of a set",
	aliases: []string{"rm"},
	build: func(env *Env, c *cobra.Command) {
		var o keySetRemoveOptions
		c.Long = `Take the keys of those kids, or thumbprints, out of the set of a file. All of
them must be there: otherwise the file stays as it is.`
		c.Example = `  jwt key set remove jwks.json --kid 2025-01 --kid 2025-02`
		c.Annotations = map[string]string{exits: "0 1 2 3 7"}
		c.Args = oneArg("the file of a set")
		c.Flags().StringArrayVar(&o.kids, "kid", nil, "the key's `ID`, or its thumbprint (repeatable)")
		c.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print nothing on stderr")
		c.RunE = func(c *cobra.Command, args []string) error { return runKeySetRemove(c.Context(), env, o, args[0]) }
	},
}

type keySetRemoveOptions struct {
	kids  []string
	quiet bool
}

func runKeySetRemove(ctx context.Context, env *Env, o keySetRemoveOptions, path string) error {
	if len(o.kids) == 0 {
		return verdict.Errorf(verdict.Usage, "no kid given").Hintf("--kid ID; jwt key set list shows them")
	}
	set, err := readSetFile(keyOptions{}.ring(ctx, env, outputOptions{quiet: o.quiet}), path)
	if err != nil {
		return err
	}
	entries := set.set.Entries()
	for _, id := range o.kids {
		left := slices.DeleteFunc(slices.Clone(entries), func(e jwk.Entry) bool {
			return e.ID == id || e.Err == nil && keyText{key: e.Key}.isNamed(id)
		})
		if len(left) == len(entries) {
			return verdict.Errorf(verdict.KeyNotFound, "%s: no key has kid %s", set.name, jsonobject.Quote(id)).
				Hintf("there is %s", jwk.ListIDs(keysOfEntries(entries)))
		}
		entries = left
	}
	return writeSetFile(set, true, entries)
}

var keySetMergeCommand = command{
	use:   "merge [SET…]",
	short: "make one set of several",
	build: func(env *Env, c *cobra.Command) {
		var o keySetMergeOptions
		c.Long = `Make one set of the keys of several sources, of whatever format: sets, JWKs,
PEM files, URLs. A key that is in several stays once. Public halves go in,
unless --private says otherwise; two keys under one kid are an error.`
		c.Example = `  jwt key set merge old.json new.json -o jwks.json
  jwt key set merge --from oidc:https://issuer.example -o jwks.json`
		c.Annotations = map[string]string{exits: "0 1 2 3 7 8"}
		c.Args = anyKeys
		o.addFlags(c.Flags())
		c.RunE = func(c *cobra.Command, args []string) error {
			o.add.flags = c.Flags()
			return runKeySetMerge(c.Context(), env, o, args)
		}
	},
}

type keySetMergeOptions struct {
	source  keySourceOptions
	form    keyFormOptions
	from    []string
	private bool
	add     keySetAddOptions
}

func (o *keySetMergeOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.private, "private", false, "keep private keys and secrets as they are")
	addFrom(f, &o.from)
	o.form.addFileFlags(f)
	o.source.addFlags(f)
}

func runKeySetMerge(ctx context.Context, env *Env, o keySetMergeOptions, args []string) error {
	if err := o.form.check(); err != nil {
		return err
	}
	ring, err := o.source.ring(ctx, env, o.form.output(), append(args, o.from...))
	if err != nil {
		return err
	}
	sources, err := ring.usable()
	if err != nil {
		return err
	}
	texts := textsOf(sources)
	if !o.private {
		if texts, err = publicHalves(ring, texts); err != nil {
			return err
		}
	}
	var entries []jwk.Entry
	for _, t := range texts {
		if entries, err = o.add.put(entries, t, t.key.Source); err != nil {
			return err
		}
	}
	var merged []keyText
	for _, e := range entries {
		object, _ := e.JWK.Object()
		merged = append(merged, keyText{e.Key, object})
	}
	content, err := keyWriter{form: jwk.FormatSet, indent: !o.form.toStdout() || env.StdoutTTY}.write(merged)
	if err != nil {
		return err
	}
	return o.form.emit(env, content, jwk.FormatSet, holdsPrivate(merged), false)
}
