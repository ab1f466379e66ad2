package key

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/privatefile"
	"jwt/internal/verdict"
)

var generateCommand = cli.Command{
	Use:     "generate [KIND]",
	Short:   "make a new key",
	Aliases: []string{"gen", "new"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o generateOptions
		c.Long = `Make a new private key or secret: rsa, P-256, P-384, P-521, secp256k1, Ed25519,
Ed448, X25519, ML-DSA-44, ML-DSA-65, ML-DSA-87 or oct.

--alg alone decides the kind and the size: HS512 gets a secret of 64 bytes.
Without KIND and --alg, the key is for ES256.

Only you can read the file. An existing file is overwritten with --force only.
With --public, either both files are written or neither.`
		c.Example = `  jwt key generate --out private.jwk --public public.jwk
  jwt key generate rsa --bits 3072 --out key.pem --public pub.pem
  jwt key generate --alg HS256 --out secret.jwk
  jwt key generate --alg ECDH-ES+A256KW --kid 2026-01 --out private.jwk
  jwt key generate Ed25519 --format pem --encrypt --out private.pem`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.AtMostOneArg("one kind of key")
		c.ValidArgs = jwk.Kinds()
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.hasKid, o.hasUse = c.Flags().Changed("kid"), c.Flags().Changed("use")
			o.hasBits = c.Flags().Changed("bits")
			return runGenerate(c.Context(), env, o, args)
		}
	},
}

type generateOptions struct {
	alg, use, kid  string
	kidAs          string
	hasKid, hasUse bool
	bits           int
	hasBits        bool
	public         string
	encrypt        bool
	passphrase     keysource.Passphrase
	form           formatOptions
}

func (o *generateOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.alg, "alg", "A", "", "the `ALGORITHM` the key is for: a signature or an encryption algorithm")
	f.StringVar(&o.use, "use", "", "the use of the key: `sig|enc` (default: by --alg; empty for none)")
	f.StringVar(&o.kid, "kid", "", "the kid of the key, an `ID` (default: its RFC 7638 thumbprint; empty for none)")
	f.StringVar(&o.kidAs, "kid-as", "", "the kid computed from the key in this `FORM`: thumbprint, spki or libtrust")
	f.IntVar(&o.bits, "bits", 0, "the size of an rsa key (2048 to 4096) or of a secret, in `BITS`")
	f.StringVar(&o.public, "public", "", "write the public half to `FILE`, in the same format")
	f.BoolVar(&o.encrypt, "encrypt", false, "encrypt the private key with a passphrase: from --passphrase or a prompt")
	o.passphrase.AddFlag(f, "passphrase", "encrypt with this passphrase")
	o.form.addFlags(f, "format", "default: jwk")
}

func (o *generateOptions) complete(c *cobra.Command) {
	o.form.complete(c)
	cli.CompleteValues(c, "alg", jwk.Algs()...)
	cli.CompleteValues(c, "use", "sig", "enc")
	cli.CompleteValues(c, "kid-as", "thumbprint", "spki", "libtrust")
}

func runGenerate(ctx context.Context, env *cli.Env, o generateOptions, args []string) error {
	if err := o.form.check(); err != nil {
		return err
	}
	format, err := o.form.format(jwk.FormatJWK)
	if err != nil {
		return err
	}
	key, err := o.generate(args)
	if err != nil {
		return err
	}
	if key.IsSecret() && o.public != "" {
		return verdict.Errorf(verdict.Usage, "--public: a secret has no public half").Hintf("leave it out, or make a key pair: --alg ES256")
	}
	k := keys{format: format, entries: []jwk.Entry{{JWK: key.JWK(true).Bytes(), Key: key}}}
	if o.encrypt || o.passphrase.Source != "" {
		sources := keysource.Options{}.Sources(ctx, env, o.form.output())
		if k.passphrase, err = newPassphrase(sources, o.passphrase); err != nil {
			return err
		}
	}
	return o.write(env, k)
}

// write writes the private key, and with --public the public half beside it.
func (o generateOptions) write(env *cli.Env, k keys) error {
	private, err := k.encode(o.form.indents(env))
	if err != nil {
		return err
	}
	files := privatefile.Files{Force: o.form.force}
	if !o.form.toStdout() {
		files.Add(o.form.out, private, privatefile.Private)
	} else if err := o.form.checkStdout(env, k.format); err != nil {
		return err
	}
	key := k.entries[0].Key
	if half, ok := key.Public(); ok && o.public != "" {
		public, err := keys{format: k.format.Public(), entries: []jwk.Entry{{JWK: half.JWK(false).Bytes(), Key: half}}}.encode(true)
		if err != nil {
			return err
		}
		files.Add(o.public, public, privatefile.Public)
	}
	if err := fileFailure(files.Commit()); err != nil {
		return err
	}
	if o.form.toStdout() {
		return o.form.write(env, private, k)
	}
	o.form.noteFormat(env)
	if env.StderrTTY {
		o.form.output().Note(env, o.form.out+": "+described(key)+"; only you can read it")
	}
	return nil
}

// described describes a key: its kind, algorithm and kid.
func described(key jwk.Key) string {
	text := key.Kind()
	if key.Alg != "" && key.Alg != text {
		text += " for " + key.Alg
	}
	if key.HasID {
		text += ", kid " + string(jsonobject.Quote(key.ID))
	}
	return text
}

// generate makes the key, with its alg, use and kid.
func (o generateOptions) generate(args []string) (jwk.Key, error) {
	kind, err := o.kind(args)
	if err != nil {
		return jwk.Key{}, err
	}
	size, err := o.size(kind)
	if err != nil {
		return jwk.Key{}, err
	}
	key, err := jwk.Generate(kind, size)
	if err != nil {
		return jwk.Key{}, err
	}
	alg := o.alg
	if alg == "" && len(args) == 0 {
		alg = defaultAlg
	}
	return o.label(key, alg)
}

// defaultAlg is the algorithm of a key without KIND and --alg: RFC 7518 §3.1 recommends
// it, and its keys are small.
const defaultAlg = "ES256"

// kind returns the kind of the argument, or else the one that --alg requires.
func (o generateOptions) kind(args []string) (string, error) {
	if len(args) == 0 {
		alg := o.alg
		if alg == "" {
			alg = defaultAlg
		}
		kind, ok := jwk.KindFor(alg)
		if !ok {
			return "", verdict.Errorf(verdict.Usage, "--alg: cannot make a key for %s", cli.QuoteArg(alg)).
				Hintf("one of %s", strings.Join(jwk.Algs(), " "))
		}
		return kind, nil
	}
	for _, kind := range jwk.Kinds() {
		if strings.EqualFold(kind, args[0]) {
			return kind, nil
		}
	}
	e := verdict.Errorf(verdict.Usage, "unknown kind of key %s", cli.QuoteArg(args[0]))
	if _, ok := jwk.KindFor(args[0]); ok {
		return "", e.Hintf("it is an algorithm: --alg %s", args[0])
	}
	return "", e.Hintf("one of %s", strings.Join(jwk.Kinds(), " "))
}

// size returns the size as jwk.Generate takes it: bits for RSA, bytes for a secret.
func (o generateOptions) size(kind string) (int, error) {
	switch {
	case o.hasBits && o.bits <= 0:
		return 0, verdict.Errorf(verdict.Usage, "--bits: is %d, must be positive", o.bits).Hintf("leave it out for the usual size")
	case kind != "oct":
		return o.bits, nil
	}
	least, exact := jwk.SecretBytes(o.alg)
	switch {
	case o.bits == 0:
		return least, nil
	case o.bits%8 != 0 || o.bits < 0:
		return 0, verdict.Errorf(verdict.Usage, "--bits: is %d, must be a multiple of 8", o.bits)
	case exact && o.bits != 8*least:
		return 0, verdict.Errorf(verdict.Usage, "--bits: is %d, %s requires %d", o.bits, o.alg, 8*least)
	case o.bits < 8*least:
		return 0, verdict.Errorf(verdict.Usage, "--bits: is %d, %s requires at least %d", o.bits, o.alg, 8*least)
	}
	return o.bits / 8, nil
}

// label sets alg, use and kid.
func (o generateOptions) label(key jwk.Key, alg string) (jwk.Key, error) {
	if alg != "" {
		var err error
		if key, err = key.For(alg); err != nil {
			return key, usageError("alg", err)
		}
	}
	key.Use = jwk.UseFor(alg)
	if o.hasUse {
		if err := checkUse(o.use); err != nil {
			return key, err
		}
		if o.use != "" && key.Use != "" && o.use != key.Use {
			return key, verdict.Errorf(verdict.Usage, "--use: is %s, but %s is for %s", o.use, alg, key.Use)
		}
		key.Use = o.use
	}
	key.ID, key.HasID = key.Thumbprint(), true
	switch {
	case o.hasKid && o.kidAs != "":
		return key, verdict.Errorf(verdict.Usage, "--kid and --kid-as contradict each other: both set the kid")
	case o.hasKid:
		key.ID, key.HasID = o.kid, o.kid != ""
	case o.kidAs != "":
		id, err := key.IDAs(o.kidAs)
		if err != nil {
			return key, usageError("kid-as", err)
		}
		key.ID = id
	}
	return key, nil
}

// usageError turns an error about the value of a flag into a usage error.
func usageError(flag string, err error) error {
	e := *cli.Classified(err)
	e.Class = verdict.Usage
	return cli.FlagError(flag, &e)
}
