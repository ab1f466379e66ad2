package key

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/privatefile"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

var setCommand = cli.Command{
	Use:   "set",
	Short: "list, find, add, remove and merge the keys of a JWK Set",
	Build: func(_ *cli.Env, c *cobra.Command) {
		c.Long = `List, find and edit the keys of a JWK Set. The file of an edited set is
replaced as a whole or stays unchanged; keys that jwt does not understand are
kept.

Only the public half of a key is added to a set, unless --private is given.`
		c.Example = `  jwt key set list jwks.json
  jwt key set list --from https://issuer.example/jwks.json
  jwt key set find jwks.json --kid 2026-01 | jwt key convert --to pem
  jwt key set add jwks.json new.pem --kid 2026-02
  jwt key set remove jwks.json --kid 2025-01
  jwt key set merge a.json oidc:https://issuer.example -o all.json`
	},
	Subs: []*cli.Command{
		&setListCommand,
		&setFindCommand,
		&setAddCommand,
		&setRemoveCommand,
		&setMergeCommand,
	},
}

// fromOption is another way to give a set: for scripts that say where from.
func addFrom(f *pflag.FlagSet, sources *[]string) {
	f.StringArrayVar(sources, "from", nil, "read keys from this `SOURCE` too: https://…, oidc:ISSUER, a file (repeatable)")
}

var setListCommand = cli.Command{
	Use:     "list [SET…]",
	Short:   "list the keys of a set",
	Aliases: []string{"ls"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setListOptions
		c.Long = `List the keys of a set: kid, kind, private or public, use and algorithm.`
		c.Example = `  jwt key set list jwks.json
  jwt key set list -j --from oidc:https://issuer.example | jq -r '.keys[].kid'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		addFrom(c.Flags(), &o.from)
		o.source.AddFlags(c.Flags())
		o.output.AddFlags(c.Flags())
		o.output.Complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runSetList(c.Context(), env, o, args) }
	},
}

type setListOptions struct {
	source keysource.Arguments
	output cli.Output
	from   []string
}

func runSetList(ctx context.Context, env *cli.Env, o setListOptions, args []string) error {
	if err := o.output.Check(); err != nil {
		return err
	}
	ring, err := o.source.Sources(ctx, env, o.output, append(args, o.from...))
	if err != nil {
		return err
	}
	report := render.Keys{Show: cli.Date{}.Show, Width: env.Width}
	var failures []error
	err = ring.Each(func(s keysource.Source, err error) error {
		addInspected(&report, s, ring)
		failures = append(failures, err)
		return nil
	})
	if err != nil {
		return err
	}
	failure := firstOf(failures)
	if o.output.WantsJSON(env) {
		object := report.JSON()
		if failure != nil {
			object = append(object, cli.ErrorObject(failure)...)
		}
		return errors.Join(o.output.WriteJSON(env, object), failure)
	}
	t := o.output.Text(env)
	report.List(t)
	return errors.Join(o.output.Write(env, t.Bytes()), failure)
}

var setFindCommand = cli.Command{
	Use:     "find [SET…] --kid ID",
	Short:   "print the key with a kid",
	Aliases: []string{"get"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setFindOptions
		c.Long = `Print the key with this kid, compared byte for byte: its public half, or with
--private the whole key. The thumbprint of a key can be given instead.`
		c.Example = `  jwt key set find jwks.json --kid 2026-01
  jwt key set find --from oidc:https://issuer.example --kid 2026-01 --format pem`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		o.form.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runSetFind(c.Context(), env, o, args) }
	},
}

type setFindOptions struct {
	source  keysource.Arguments
	form    formOptions
	from    []string
	kid     string
	private bool
}

func (o *setFindOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.kid, "kid", "", "the kid of the key, an `ID`, or its thumbprint")
	f.BoolVar(&o.private, "private", false, "print a private key or secret as it is")
	addFrom(f, &o.from)
	o.form.addFlags(f, "format", "default: jwk")
	o.source.AddFlags(f)
}

func runSetFind(ctx context.Context, env *cli.Env, o setFindOptions, args []string) error {
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
			return cli.FlagError("format", err)
		}
	}
	ring, err := o.source.Sources(ctx, env, o.form.output(), append(args, o.from...))
	if err != nil {
		return err
	}
	sources, err := ring.Usable()
	if err != nil {
		return err
	}
	all := textsOf(sources)
	found := slices.DeleteFunc(slices.Clone(all), func(t text) bool { return !t.isNamed(o.kid) })
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
	content, err := writer{form: form, indent: !o.form.toStdout() || env.StdoutTTY}.write(found)
	if err != nil {
		return err
	}
	return o.form.emit(env, content, form, private, false)
}

// isNamed reports whether the key has that kid, or that thumbprint.
func (t text) isNamed(id string) bool {
	return t.key.HasID && t.key.ID == id || !t.key.IsSecret() && t.key.Thumbprint() == id
}

func keysOf(texts []text) []jwk.Key {
	var keys []jwk.Key
	for _, t := range texts {
		keys = append(keys, t.key)
	}
	return keys
}

// readSetFile reads a set that is to be edited.
func readSetFile(ring *keysource.Sources, path string) (keysource.Source, error) {
	if input.IsStdin(path) || strings.Contains(path, "://") || strings.HasPrefix(path, "{") {
		return keysource.Source{}, verdict.Errorf(verdict.Usage, "%s is no file, and only the set in a file is edited", cli.QuoteArg(path)).
			Hintf("jwt key set merge prints a new set")
	}
	path = strings.TrimPrefix(path, "@")
	s, err := ring.Read("@" + path)
	s.Name = path
	isEncrypted := func(k jwk.Key) bool { return strings.HasPrefix(k.Format, "encrypted ") }
	switch {
	case err != nil && len(s.Set.Skipped) > 0 && s.Set.IsWrittenAsSet():
		return s, nil // of no use as it is, but fit to be edited
	case err != nil:
		return s, err
	case !s.Set.IsWrittenAsSet():
		return s, verdict.Errorf(verdict.JWKInvalid, "%s: is no JWK Set but %s", path, s.Set.Keys[0].Format).
			Hintf("jwt key convert %s --to jwks -o SET makes one of it", path)
	case slices.ContainsFunc(s.Set.Keys, isEncrypted):
		return s, verdict.Errorf(verdict.KeyRefused, "%s: is encrypted, and is not edited as it is", path).
			Hintf("jwt key convert %s -o SET opens it", path)
	}
	return s, nil
}

// writeSetFile puts the edited set in the place of the old one, or makes a new
// file. Private keys make it private; otherwise it keeps its mode.
func writeSetFile(s keysource.Source, exists bool, entries []jwk.Entry) error {
	content := append(render.JSON(s.Set.With(entries), true), '\n')
	mode := privatefile.Public
	if slices.ContainsFunc(entries, func(e jwk.Entry) bool { return e.Err == nil && e.Key.IsPrivate() }) {
		mode = privatefile.Private
	} else if exists && s.Mode != 0 {
		mode = s.Mode
	}
	files := privatefile.Files{}
	if exists {
		files.Replace(s.Name, content, mode)
	} else {
		files.Add(s.Name, content, mode)
	}
	return fileFailure(files.Commit())
}
