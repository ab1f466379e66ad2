package key

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jwk"
	"jwt/internal/privatefile"
	"jwt/internal/verdict"
)

// formatOptions are the flags for the format of written keys and where they go.
type formatOptions struct {
	flag  string // the name of the flag: to or format
	name  string // of the format; "" for the default
	out   string
	force bool
	quiet bool
	color string
}

func (o *formatOptions) addFlags(f *pflag.FlagSet, flag, otherwise string) {
	o.flag = flag
	f.StringVarP(&o.name, flag, "o", "", "the `FORMAT`: jwk, jwks, pem, der, openssh, pkcs1, sec1, spki, pkcs1-der, sec1-der or raw ("+otherwise+")")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "to" || name == "format" { // one flag, shown under the name that suits the command
			name = flag
		}
		return pflag.NormalizedName(name)
	})
	o.addFileFlags(f)
}

func (o *formatOptions) addFileFlags(f *pflag.FlagSet) {
	f.StringVar(&o.out, "out", "", "write to `FILE` instead of stdout, in the format of its name (.pem, .der, .jwk, .jwks or .json) unless one is given; a private key gets mode 0600")
	f.BoolVar(&o.force, "force", false, "overwrite files that exist")
	f.StringVar(&o.color, "color", "auto", "use colour `WHEN`: auto, always or never (auto obeys NO_COLOR and CLICOLOR_FORCE)")
	cli.AddQuiet(f, &o.quiet, cli.NoNotes)
}

func (o *formatOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "color", "auto", "always", "never")
	if o.flag == "" {
		return
	}
	var names []string
	for _, f := range jwk.Formats() {
		names = append(names, string(f))
	}
	cli.CompleteValues(c, o.flag, names...)
}

// output returns how notes are printed; --quiet never drops the key itself.
func (o formatOptions) output() cli.Output {
	return cli.Output{Format: "text", Color: o.color, Quiet: o.quiet}
}

func (o formatOptions) check() error {
	return (&cli.Output{Format: "auto", Color: o.color}).Check()
}

// format returns the chosen format, or otherwise if none is.
func (o formatOptions) format(otherwise jwk.Format) (jwk.Format, error) {
	if o.name == "" {
		return cmp.Or(o.byName(), otherwise), nil
	}
	format, err := jwk.ParseFormat(o.name)
	if err != nil && filepath.Ext(o.name)+filepath.Dir(o.name) != "." {
		return "", verdict.Errorf(verdict.Usage, "-o names the format, and %q is not one", o.name).Hintf("--out %s writes to that file", o.name)
	}
	return format, cli.FlagError(o.flag, err)
}

// byName returns the format that the name of the file ends in, or "".
func (o formatOptions) byName() jwk.Format {
	return map[string]jwk.Format{
		".pem": jwk.FormatPEM, ".der": jwk.FormatDER, ".jwk": jwk.FormatJWK, ".json": jwk.FormatJWK, ".jwks": jwk.FormatSet,
	}[strings.ToLower(filepath.Ext(o.out))]
}

// noteFormat says which format a file was written in, if its name decided.
func (o formatOptions) noteFormat(env *cli.Env) {
	usual := o.byName() == jwk.FormatJWK
	if o.flag != "" && o.name == "" && o.byName() != "" && !usual {
		o.output().Note(env, o.out+": written as "+string(o.byName())+", as its name says; --"+o.flag+" chooses another format")
	}
}

// write writes the encoded keys to --out or to stdout. On a terminal it warns that a
// private key is shown.
func (o formatOptions) write(env *cli.Env, content []byte, k keys) error {
	if !o.toStdout() {
		mode := privatefile.Public
		if k.private() {
			mode = privatefile.Private
		}
		files := privatefile.Files{Force: o.force}
		files.Add(o.out, content, mode)
		err := fileFailure(files.Commit())
		if err == nil {
			o.noteFormat(env)
		}
		return err
	}
	if err := o.checkStdout(env, k.format); err != nil {
		return err
	}
	if k.private() && k.passphrase == nil && env.StdoutTTY {
		o.output().Note(env, "this is a private key: --out FILE writes it to a file that only you can read")
	}
	return cli.Output{}.Write(env, content)
}

// checkStdout refuses to write a binary format to a terminal.
func (o formatOptions) checkStdout(env *cli.Env, form jwk.Format) error {
	if env.StdoutTTY && !form.IsText() {
		return verdict.Errorf(verdict.Usage, "%s is binary, and stdout is a terminal", form).Hintf("--out FILE")
	}
	return nil
}

func (o formatOptions) toStdout() bool { return o.out == "" || o.out == "-" }

// indents reports whether JSON is indented: in a file and on a terminal.
func (o formatOptions) indents(env *cli.Env) bool { return !o.toStdout() || env.StdoutTTY }

// fileFailure returns the error of a file that could not be written, and nil for nil.
func fileFailure(err error) error {
	var e *fs.PathError
	switch {
	case !errors.As(err, &e):
		return err
	case errors.Is(err, fs.ErrExist):
		return verdict.Errorf(verdict.IO, "%s: already exists and is not overwritten", e.Path).
			Hintf("choose another name, or --force")
	default:
		return verdict.Errorf(verdict.IO, "%s: %w", e.Path, e.Err)
	}
}
