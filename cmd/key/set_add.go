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
		c.RunE = func(c *cobra.Command, args []string) error { return runSetAdd(c.Context(), env, o, args) }
	},
}

type setAddOptions struct {
	source  keysource.Arguments
	members members
	from    []string
	private bool
	force   bool
	quiet   bool
}

func (o *setAddOptions) addFlags(f *pflag.FlagSet) {
	o.members.addFlags(f)
	f.BoolVar(&o.private, "private", false, "add private keys and secrets as they are")
	f.BoolVar(&o.force, "force", false, "replace a key with the same kid")
	cli.AddQuiet(f, &o.quiet, cli.NoNotes)
	addFrom(f, &o.from)
	o.source.AddFlags(f)
}

// setAndKeys requires the file of a set as the first argument.
func setAndKeys(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return verdict.Errorf(verdict.Usage, "no set given").Hintf("%s", c.UseLine())
	}
	return nil
}

func runSetAdd(ctx context.Context, env *cli.Env, o setAddOptions, args []string) error {
	sources, err := o.source.Sources(ctx, env, cli.Output{Quiet: o.quiet}, append(args[1:len(args):len(args)], o.from...))
	if err != nil {
		return err
	}
	set, err := readSetFile(sources, args[0])
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	k, err := load(sources)
	if err != nil {
		return err
	}
	if !o.private {
		if err := k.makePublic(); err != nil {
			return err
		}
	}
	if err := o.add(&set, k.entries); err != nil {
		return err
	}
	return set.write()
}

func (o setAddOptions) add(set *setFile, added []jwk.Entry) (err error) {
	for _, e := range added {
		if e, err = o.members.edit(e, jwk.FormatSet, len(added)); err != nil {
			return err
		}
		named := e.Key.HasID || o.members.flags.Changed("kid")
		if set.entries, err = put(set.entries, e, named, o.force, set.path); err != nil {
			return err
		}
	}
	if err := mixed(set.path, set.entries); err != nil {
		e := *cli.Classified(err)
		return e.Hintf("leave out --private: then the public half is added")
	}
	return nil
}

// put adds a key to the entries of the set called name. It replaces the same key, and
// with force another key of the same kid. A key that is not named by its kid takes the
// kid of the same key, or else its thumbprint.
func put(entries []jwk.Entry, e jwk.Entry, named, force bool, name string) ([]jwk.Entry, error) {
	if !named && !e.Key.IsSecret() {
		e.ID = e.Key.Thumbprint()
		e.Key.ID, e.Key.HasID = e.ID, true
		e.JWK = withMember(e.JWK, "kid", e.ID)
	}
	at, same := find(entries, e, named)
	switch {
	case at < 0:
		return append(slices.Clone(entries), e), nil
	case !same && !force:
		return nil, verdict.Errorf(verdict.KeyRefused, "%s: has another key with kid %s", name, jsonobject.Quote(e.ID)).
			Hintf("--kid ID gives the new key another kid; --force replaces the old key")
	case same && entries[at].Key.IsPrivate() && !e.Key.IsPrivate():
		return entries, nil // the private key has the public half in it
	case same && !named:
		e.ID = entries[at].ID
		e.JWK = withMember(e.JWK, "kid", e.ID)
	}
	return slices.Concat(entries[:at], []jwk.Entry{e}, entries[at+1:]), nil
}

// find returns the index of the entry that is the same key as e, or that has the kid of e.
// If e is named by its kid, the same key under another kid does not count.
func find(entries []jwk.Entry, e jwk.Entry, named bool) (at int, same bool) {
	print := e.Key.Thumbprint()
	for i, old := range entries {
		hasID := old.ID == e.ID
		same := old.Err == nil && old.Key.Thumbprint() == print && (!named || hasID)
		if same || hasID && e.ID != "" {
			return i, same
		}
	}
	return -1, false
}
