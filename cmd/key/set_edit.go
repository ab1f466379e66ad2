package key

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

var setAddCommand = cli.Command{
	Use:   "add SET KEY…",
	Short: "add keys to a set",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setAddOptions
		c.Long = `Add keys to the set in a file; a missing file is created. The public half is
added; --private adds the whole key, but never to a set of public keys. A key
without a kid gets its thumbprint as its kid. A key that the set has already is
not added twice; another key with the same kid is an error, unless --force
replaces it.`
		c.Example = `  jwt key set add jwks.json new.pem --kid 2026-02 --use sig --alg RS256
  jwt key set add private.jwks private.jwk --private
  jwt key set add jwks.json --from https://issuer.example/jwks.json`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = setAndKeys
		o.addFlags(c.Flags())
		o.members.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.flags = c.Flags()
			return runSetAdd(c.Context(), env, o, args)
		}
	},
}

type setAddOptions struct {
	source  keysource.Arguments
	members members
	from    []string
	private bool
	force   bool
	quiet   bool
	flags   *pflag.FlagSet
}

func (o *setAddOptions) addFlags(f *pflag.FlagSet) {
	o.members.addFlags(f)
	f.BoolVar(&o.private, "private", false, "add private keys and secrets as they are")
	f.BoolVar(&o.force, "force", false, "replace a key with the same kid")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing on stderr")
	addFrom(f, &o.from)
	o.source.AddFlags(f)
}

// setAndKeys wants the file of a set first.
func setAndKeys(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return verdict.Errorf(verdict.Usage, "no set given").Hintf("%s", c.UseLine())
	}
	return nil
}

func runSetAdd(ctx context.Context, env *cli.Env, o setAddOptions, args []string) error {
	ring, err := o.source.Sources(ctx, env, cli.Output{Quiet: o.quiet}, append(args[1:len(args):len(args)], o.from...))
	if err != nil {
		return err
	}
	set, err := readSetFile(ring, args[0])
	exists := !errors.Is(err, fs.ErrNotExist)
	if err != nil && exists {
		return err
	}
	sources, err := ring.Usable()
	if err != nil {
		return err
	}
	texts := textsOf(sources)
	if !o.private {
		if texts, err = publicHalves(ring, texts); err != nil {
			return err
		}
	}
	entries := set.Set.Entries()
	for _, t := range texts {
		if t, err = o.members.edit(o.flags, t, jwk.FormatSet, len(texts)); err != nil {
			return err
		}
		if entries, err = o.put(entries, t, set.Name); err != nil {
			return err
		}
	}
	if err := mixed(set.Name, entries); err != nil {
		e := *cli.Classified(err)
		return e.Hintf("leave out --private: the public half goes in")
	}
	return writeSetFile(set, exists, entries)
}

// put adds a key to the entries, or puts it in the place of the one of its kid.
func (o setAddOptions) put(entries []jwk.Entry, t text, name string) ([]jwk.Entry, error) {
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

var setRemoveCommand = cli.Command{
	Use:     "remove SET --kid ID…",
	Short:   "remove keys from a set",
	Aliases: []string{"rm"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setRemoveOptions
		c.Long = `Remove the keys with these kids, or thumbprints, from the set in a file. If one
of them is missing, the file stays unchanged.`
		c.Example = `  jwt key set remove jwks.json --kid 2025-01 --kid 2025-02`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7"}
		c.Args = cli.OneArg("the file of a set")
		c.Flags().StringArrayVar(&o.kids, "kid", nil, "the kid of a key to remove, an `ID`, or its thumbprint (repeatable)")
		c.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print nothing on stderr")
		c.RunE = func(c *cobra.Command, args []string) error { return runSetRemove(c.Context(), env, o, args[0]) }
	},
}

type setRemoveOptions struct {
	kids  []string
	quiet bool
}

func runSetRemove(ctx context.Context, env *cli.Env, o setRemoveOptions, path string) error {
	if len(o.kids) == 0 {
		return verdict.Errorf(verdict.Usage, "no kid given").Hintf("--kid ID; jwt key set list shows them")
	}
	set, err := readSetFile(keysource.Options{}.Sources(ctx, env, cli.Output{Quiet: o.quiet}), path)
	if err != nil {
		return err
	}
	entries := set.Set.Entries()
	for _, id := range o.kids {
		left := slices.DeleteFunc(slices.Clone(entries), func(e jwk.Entry) bool {
			return e.ID == id || e.Err == nil && text{key: e.Key}.isNamed(id)
		})
		if len(left) == len(entries) {
			return verdict.Errorf(verdict.KeyNotFound, "%s: no key has kid %s", set.Name, jsonobject.Quote(id)).
				Hintf("there is %s", jwk.ListIDs(keysOfEntries(entries)))
		}
		entries = left
	}
	return writeSetFile(set, true, entries)
}

var setMergeCommand = cli.Command{
	Use:   "merge [SET…]",
	Short: "merge sets and keys into one set",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setMergeOptions
		c.Long = `Make one set from the keys of several sources in any format: sets, JWKs, PEM
files, URLs. A key that is in several sources is written once. Only public
halves are written, unless --private is given; two keys with one kid are an
error.`
		c.Example = `  jwt key set merge old.json new.json -o jwks.json
  jwt key set merge --from oidc:https://issuer.example -o jwks.json`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		c.RunE = func(c *cobra.Command, args []string) error {
			o.add.flags = c.Flags()
			return runSetMerge(c.Context(), env, o, args)
		}
	},
}

type setMergeOptions struct {
	source  keysource.Arguments
	form    formOptions
	from    []string
	private bool
	add     setAddOptions
}

func (o *setMergeOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.private, "private", false, "keep private keys and secrets as they are")
	addFrom(f, &o.from)
	o.form.addFileFlags(f)
	o.source.AddFlags(f)
}

func runSetMerge(ctx context.Context, env *cli.Env, o setMergeOptions, args []string) error {
	if err := o.form.check(); err != nil {
		return err
	}
	ring, err := o.source.Sources(ctx, env, o.form.output(), append(args, o.from...))
	if err != nil {
		return err
	}
	sources, err := ring.Usable()
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
	var merged []text
	for _, e := range entries {
		object, _ := e.JWK.Object()
		merged = append(merged, text{e.Key, object})
	}
	content, err := writer{form: jwk.FormatSet, indent: !o.form.toStdout() || env.StdoutTTY}.write(merged)
	if err != nil {
		return err
	}
	return o.form.emit(env, content, jwk.FormatSet, holdsPrivate(merged), false)
}
