package key

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/privatefile"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// formOptions say in what form keys are written, and where.
type formOptions struct {
	form  string
	out   string
	force bool
	quiet bool
	color string
}

func (o *formOptions) addFlags(f *pflag.FlagSet, form, otherwise string) {
	f.StringVar(&o.form, form, "", "the `FORMAT`: jwk, jwks, pem, der, openssh, pkcs1, sec1, spki, pkcs1-der, sec1-der or raw ("+otherwise+")")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "to" || name == "format" { // one flag, under the name that reads well with the command
			name = form
		}
		return pflag.NormalizedName(name)
	})
	o.addFileFlags(f)
}

func (o *formOptions) addFileFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.out, "out", "o", "", "write to `FILE` instead of stdout; a private key gets mode 0600")
	f.BoolVar(&o.force, "force", false, "overwrite files that exist")
	f.StringVar(&o.color, "color", "auto", "use colour `WHEN`: auto, always or never (auto obeys NO_COLOR and CLICOLOR_FORCE)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing on stderr")
}

func (o *formOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "color", "auto", "always", "never")
	form := c.Flags().Lookup("format")
	if form == nil {
		return
	}
	var names []string
	for _, f := range jwk.Formats() {
		names = append(names, string(f))
	}
	cli.CompleteValues(c, form.Name, names...)
}

// output is how notes are printed; the key itself is never dropped.
func (o formOptions) output() cli.Output {
	return cli.Output{Format: "text", Color: o.color, Quiet: o.quiet}
}

func (o formOptions) check() error {
	return (&cli.Output{Format: "auto", Color: o.color}).Check()
}

// A text is a key with the JWK that it is written as.
type text struct {
	key jwk.Key
	jwk jsonobject.Object
}

// textsOf returns the keys of the sources; those that were read as JWKs keep
// every member they have.
func textsOf(sources []keysource.Source) []text {
	var texts []text
	for _, s := range sources {
		for _, e := range s.Set.Entries() {
			if o, ok := e.JWK.Object(); ok && e.Err == nil {
				texts = append(texts, text{e.Key, o})
			}
		}
	}
	return texts
}

// asSet reports whether a JWK Set is the form to keep.
func asSet(sources []keysource.Source) bool {
	return slices.ContainsFunc(sources, func(s keysource.Source) bool { return s.Set.IsWrittenAsSet() })
}

// public is the public half, made anew: of what a private JWK says, only what is
// known to be public.
func (t text) public() (text, bool) {
	p, ok := t.key.Public()
	switch {
	case !ok:
		return text{}, false
	case !t.key.IsPrivate():
		return t, true
	}
	return text{p, p.JWK(false)}, true
}

func holdsPrivate(texts []text) bool {
	return slices.ContainsFunc(texts, func(t text) bool { return t.key.IsPrivate() })
}

// A writer puts keys into the bytes of a file.
type writer struct {
	form       jwk.Format
	set        bool   // a JWK Set, though there be one key
	passphrase []byte // encrypts private keys; nil for none
	indent     bool
}

func (w writer) write(texts []text) ([]byte, error) {
	switch {
	case len(texts) == 0:
		return nil, verdict.Errorf(verdict.KeyNotFound, "there is no key to write")
	case w.form.IsJSON():
		return w.json(texts)
	case len(texts) > 1 && !w.form.IsText():
		return nil, verdict.Errorf(verdict.Usage, "%s holds one key, there are %d", w.form, len(texts)).
			Hintf("take one: jwt key set find SET --kid ID")
	}
	var out []byte
	for _, t := range texts {
		b, err := t.key.Encode(w.form, t.key.IsPrivate() && w.form != jwk.FormatSPKI, w.passphrase)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return out, nil
}

func (w writer) json(texts []text) ([]byte, error) {
	o := texts[0].jwk
	if w.set || w.form == jwk.FormatSet || len(texts) > 1 {
		var entries []jwk.Entry
		for _, t := range texts {
			entries = append(entries, jwk.Entry{JWK: t.jwk.Bytes()})
		}
		o = jwk.Set{}.With(entries)
	}
	if w.passphrase == nil || !holdsPrivate(texts) {
		return append(render.JSON(o, w.indent), '\n'), nil
	}
	token, err := jwe.EncryptKeys(o, w.passphrase)
	return append([]byte(token.Text), '\n'), err
}

// newPassphrase is the one that a key is to be written under: that of the option,
// or what a person types twice.
func newPassphrase(k *keysource.Sources, o keysource.Passphrase) ([]byte, error) {
	switch {
	case o.Source != "":
		return o.Read(k.In)
	case k.Options.Passphrase.Source != "":
		return k.GivenPassphrase()
	case k.Env.Secret == nil || !k.Env.StderrTTY:
		return nil, verdict.Errorf(verdict.Usage, "a passphrase is wanted, and there is no terminal to ask on").
			Hintf("--%s env:NAME, @FILE or fd:N", o.Flag)
	}
	first, err := k.Env.Secret("New passphrase: ")
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the prompt for the passphrase: %w", err)
	}
	again, err := k.Env.Secret("The same again: ")
	switch {
	case err != nil:
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the prompt for the passphrase: %w", err)
	case len(first) == 0:
		return nil, verdict.Errorf(verdict.KeyRefused, "the passphrase is empty")
	case !bytes.Equal(first, again):
		return nil, verdict.Errorf(verdict.KeyRefused, "the two passphrases are not the same")
	}
	return first, nil
}

// emit writes to --out or to stdout. On a terminal it says what a person should
// know of a private key.
func (o formOptions) emit(env *cli.Env, content []byte, form jwk.Format, private, encrypted bool) error {
	if o.out != "" && o.out != "-" {
		files := privatefile.Files{Force: o.force}
		files.Add(o.out, content, modeOf(private))
		return fileFailure(files.Commit())
	}
	if err := o.checkStdout(env, form); err != nil {
		return err
	}
	if private && !encrypted && env.StdoutTTY {
		o.output().Note(env, "this is a private key: --out FILE keeps it where you alone can read it")
	}
	return cli.Output{}.Write(env, content)
}

// checkStdout keeps binary off the terminal.
func (o formOptions) checkStdout(env *cli.Env, form jwk.Format) error {
	if env.StdoutTTY && !form.IsText() {
		return verdict.Errorf(verdict.Usage, "%s is binary, and stdout is a terminal", form).Hintf("--out FILE")
	}
	return nil
}

func (o formOptions) toStdout() bool { return o.out == "" || o.out == "-" }

func modeOf(private bool) fs.FileMode {
	if private {
		return privatefile.Private
	}
	return privatefile.Public
}

// fileFailure returns the error of a file that could not be written, and nil for nil.
func fileFailure(err error) error {
	var e *fs.PathError
	switch {
	case !errors.As(err, &e):
		return err
	case errors.Is(err, fs.ErrExist):
		return verdict.Errorf(verdict.IO, "%s: exists already, and is not overwritten", e.Path).
			Hintf("choose another name, or --force")
	default:
		return verdict.Errorf(verdict.IO, "%s: %w", e.Path, e.Err)
	}
}
