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
		c.Example = `  jwt key generate -o private.jwk --public public.jwk
  jwt key generate rsa --bits 3072 --format pem -o key.pem --public key.pub.pem
  jwt key generate --alg HS256 -o secret.jwk
  jwt key generate --alg ECDH-ES+A256KW --kid 2026-01 -o private.jwk
  jwt key generate Ed25519 --format pem --encrypt -o private.pem`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.AtMostOneArg("one kind of key")
		c.ValidArgs = jwk.Kinds()
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.hasKid, o.hasUse = c.Flags().Changed("kid"), c.Flags().Changed("use")
			return runGenerate(c.Context(), env, o, args)
		}
	},
}

type generateOptions struct {
	alg, use, kid  string
	hasKid, hasUse bool
	bits           int
	public         string
	encrypt        bool
	passphrase     keysource.Passphrase
	form           formOptions
}

func (o *generateOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.alg, "alg", "A", "", "the `ALGORITHM` the key is for: a signature or an encryption algorithm")
	f.StringVar(&o.use, "use", "", "the use of the key: `sig|enc` (default: by --alg; empty for none)")
	f.StringVar(&o.kid, "kid", "", "the kid of the key, an `ID` (default: its RFC 7638 thumbprint; empty for none)")
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
}

func runGenerate(ctx context.Context, env *cli.Env, o generateOptions, args []string) error {
	if err := o.form.check(); err != nil {
		return err
	}
	form := jwk.FormatJWK
	if o.form.form != "" {
		var err error
		if form, err = jwk.ParseFormat(o.form.form); err != nil {
			return cli.FlagError("format", err)
		}
	}
	key, err := o.generate(args)
	if err != nil {
		return err
	}
	if key.IsSecret() && o.public != "" {
		return verdict.Errorf(verdict.Usage, "--public: a secret has no public half").Hintf("leave it out, or make a key pair: --alg ES256")
	}
	w := writer{form: form, indent: !o.form.toStdout() || env.StdoutTTY}
	if o.encrypt || o.passphrase.Source != "" {
		ring := keysource.Options{}.Sources(ctx, env, o.form.output())
		if w.passphrase, err = newPassphrase(ring, o.passphrase); err != nil {
			return err
		}
	}
	return o.write(env, key, w)
}

// write writes the private key, and the public one beside it where it is wanted.
func (o generateOptions) write(env *cli.Env, key jwk.Key, w writer) error {
	private, err := w.write([]text{{key, key.JWK(true)}})
	if err != nil {
		return err
	}
	files := privatefile.Files{Force: o.form.force}
	if !o.form.toStdout() {
		files.Add(o.form.out, private, privatefile.Private)
	} else if err := o.form.checkStdout(env, w.form); err != nil {
		return err
	}
	if half, ok := key.Public(); ok && o.public != "" {
		w.form, w.indent = w.form.Public(), true
		public, err := w.write([]text{{half, half.JWK(false)}})
		if err != nil {
			return err
		}
		files.Add(o.public, public, privatefile.Public)
	}
	if err := fileFailure(files.Commit()); err != nil {
		return err
	}
	if o.form.toStdout() {
		return o.form.emit(env, private, w.form, true, w.passphrase != nil)
	}
	if env.StderrTTY {
		o.form.output().Note(env, o.form.out+": "+described(key)+"; you alone can read it")
	}
	return nil
}

// described names a key for a person: its kind, what it is for, its kid.
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

// generate makes the key and says in it what it is for.
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

// defaultAlg is what a key is for when nobody says: the algorithm that RFC 7518
// §3.1 recommends, with small keys that every library takes.
const defaultAlg = "ES256"

// kind is that of the argument, or the one that --alg wants.
func (o generateOptions) kind(args []string) (string, error) {
	if len(args) == 0 {
		alg := o.alg
		if alg == "" {
			alg = defaultAlg
		}
		kind, ok := jwk.KindFor(alg)
		if !ok {
			return "", verdict.Errorf(verdict.Usage, "--alg: no key is made for %s", cli.QuoteArg(alg)).
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

// size is what jwk.Generate takes: bits for RSA, bytes for a secret.
func (o generateOptions) size(kind string) (int, error) {
	if kind != "oct" {
		return o.bits, nil
	}
	least, exact := jwk.SecretBytes(o.alg)
	switch {
	case o.bits == 0:
		return least, nil
	case o.bits%8 != 0 || o.bits < 0:
		return 0, verdict.Errorf(verdict.Usage, "--bits: %d bits are no whole bytes", o.bits)
	case exact && o.bits != 8*least, o.bits < 8*least:
		return 0, verdict.Errorf(verdict.Usage, "--bits: %s wants %d, not %d", o.alg, 8*least, o.bits)
	}
	return o.bits / 8, nil
}

// label writes alg, use and kid into the key.
func (o generateOptions) label(key jwk.Key, alg string) (jwk.Key, error) {
	if alg != "" {
		var err error
		if key, err = key.For(alg); err != nil {
			return key, usageError("alg", err)
		}
	}
	key.Use = jwk.UseFor(alg)
	if o.hasUse {
		if o.use != "" && o.use != "sig" && o.use != "enc" {
			return key, verdict.Errorf(verdict.Usage, "--use: is %q, must be sig or enc", o.use)
		}
		if o.use != "" && key.Use != "" && o.use != key.Use {
			return key, verdict.Errorf(verdict.Usage, "--use: is %s, but %s is for %s", o.use, alg, key.Use)
		}
		key.Use = o.use
	}
	key.ID, key.HasID = key.Thumbprint(), true
	if o.hasKid {
		key.ID, key.HasID = o.kid, o.kid != ""
	}
	return key, nil
}

// usageError is an error about a flag's value, whatever class it had below.
func usageError(flag string, err error) error {
	e := *cli.Classified(err)
	e.Class = verdict.Usage
	return cli.FlagError(flag, &e)
}
