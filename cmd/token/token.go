// Package token has the commands that read and write tokens.
package token

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/input"
	"jwt/internal/jws"
	"jwt/internal/keysource"
	"jwt/internal/scan"
	"jwt/internal/serialization"
	"jwt/internal/verdict"
)

// tokenOptions are the flags that say how a command reads its token.
type tokenOptions struct {
	field   string
	maxSize int
	flags   *pflag.FlagSet
}

func (o *tokenOptions) addFlags(f *pflag.FlagSet) {
	o.flags = f
	o.maxSize = jws.MaxTokenBytes
	f.Var((*fieldName)(&o.field), "field", "read the token from the member, cookie, header or parameter `NAME`")
	f.Var((*byteSize)(&o.maxSize), "max-token-size", "refuse a token of more than this many `BYTES`")
}

// A fieldName is the value of --field. It is never empty, so that an unset variable is an
// error.
type fieldName string

func (n *fieldName) String() string { return string(*n) }
func (n *fieldName) Type() string   { return "string" }

func (n *fieldName) Set(s string) error {
	if s == "" {
		return errors.New("a name is required")
	}
	*n = fieldName(s)
	return nil
}

// A byteSize is a number of bytes, with an optional unit.
type byteSize int

func (n *byteSize) String() string { return strconv.Itoa(int(*n)) }
func (n *byteSize) Type() string   { return "int" }

func (n *byteSize) Set(s string) error {
	digits, unit := s, 1
	for _, u := range [...]struct {
		suffix string
		bytes  int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"KB", 1e3}, {"MB", 1e6}, {"k", 1 << 10}, {"K", 1 << 10}, {"M", 1 << 20}} {
		if number, ok := strings.CutSuffix(s, u.suffix); ok {
			digits, unit = number, u.bytes
			break
		}
	}
	const most = 1 << 40 // check has the real limit
	size, err := strconv.Atoi(digits)
	if err != nil || size > most/unit || size < -most {
		return errors.New("a number of bytes is required, optionally with KiB, MiB, KB or MB")
	}
	*n = byteSize(size * unit)
	return nil
}

// check refuses a size out of range.
func (o tokenOptions) check() error {
	const most = 1 << 30
	if o.maxSize < 1 || o.maxSize > most {
		return verdict.Errorf(verdict.Usage, "--max-token-size: is %d, must be from 1 to %d bytes", o.maxSize, most)
	}
	return nil
}

// read reads the input and finds its token. With join, a token that is wrapped over lines is
// joined, which is safe only to show it. A token in a JSON serialization becomes the compact one.
func (o tokenOptions) read(env *cli.Env, out cli.Output, in *input.Reader, args []string, join bool) (scan.Found, error) {
	found, form, err := o.readForm(env, out, in, args, join)
	if err != nil || form == nil {
		return found, err
	}
	text, err := form.Compact()
	if err != nil {
		return scan.Found{}, cli.Classified(err).Hintf("jwt verify checks each signature; jwt decode shows all of it")
	}
	out.Note(env, "the token is in the "+formName(*form)+" JSON serialization")
	return scan.Found{Token: text}, o.checkSize(text)
}

// readForm is read for a command that can work on a JSON serialization. The form is nil for a
// compact token.
func (o tokenOptions) readForm(env *cli.Env, out cli.Output, in *input.Reader, args []string, join bool) (scan.Found, *serialization.Form, error) {
	text, err := o.readText(in, args)
	if err != nil {
		return scan.Found{}, nil, err
	}
	if trimmed := bytes.TrimSpace(text); o.field == "" && serialization.Is(trimmed) {
		form, err := serialization.Parse(trimmed)
		return scan.Found{}, &form, ofFile(args, err)
	}
	found, err := o.find(env, out, text, args, join)
	return found, nil, ofFile(args, err)
}

// ofFile adds to an error of a text the name of the file that the text is from.
func ofFile(args []string, err error) error {
	if err == nil || len(args) != 1 || input.IsStdin(args[0]) {
		return err
	}
	if path, ok := strings.CutPrefix(args[0], "@"); ok {
		return keysource.InSource(path, err)
	}
	return err
}

// formName returns the name of a JSON serialization.
func formName(f serialization.Form) string {
	if f.General {
		return "general"
	}
	return "flattened"
}

// readText reads the input.
func (o tokenOptions) readText(in *input.Reader, args []string) ([]byte, error) {
	if len(args) == 1 && args[0] == "" {
		return nil, verdict.Errorf(verdict.Malformed, "the token is empty").
			Hintf("is the shell variable set?")
	}
	text, err := in.Text(args, "token", o.maxSize+framing)
	switch empty := len(bytes.TrimSpace(text)) == 0; {
	case verdict.ClassOf(err) == verdict.TooLarge:
		return nil, ofFile(args, o.tooLarge())
	case err != nil:
		return nil, err
	case empty && (len(args) == 0 || input.IsStdin(args[0])):
		return nil, o.nothingOnStdin()
	case serialization.IsNumeric(string(text)):
		token, err := serialization.FromNumeric(string(text))
		return []byte(token), ofFile(args, err)
	}
	return text, nil
}

// find finds the token in the text.
func (o tokenOptions) find(env *cli.Env, out cli.Output, text []byte, args []string, join bool) (scan.Found, error) {
	found, err := scan.One(text, scan.Options{Field: o.field, Join: join, Batch: o.flags.Lookup("batch") != nil})
	if err != nil {
		return scan.Found{}, explain(env, text, args, err)
	}
	if err := o.checkSize(found.Token); err != nil {
		return scan.Found{}, err
	}
	if found.Wrapped {
		out.Note(env, "the token was wrapped over lines and has been joined; jwt verify would refuse it")
	}
	switch {
	case found.Encoded && found.Where != "":
		out.Note(env, "the token was in Base64 ("+found.Where+") and has been decoded")
	case found.Encoded:
		out.Note(env, "the token was in Base64 and has been decoded; jwt verify would refuse it")
	}
	if found.GitHub {
		out.Note(env, "the token follows a prefix of GitHub (ghs_…), which is left out: GitHub alone vouches for it and publishes no key for it")
	}
	if found.Quoted {
		out.Note(env, "the token is in quotes after its scheme: a server gets them, too, and refuses it")
	}
	if found.Opaque != "" {
		out.Note(env, "using "+cmp.Or(found.Where, "the only JWT")+": "+found.Opaque+" is not a JWT, and a server may check that one")
	}
	if len(found.Others) > 0 {
		out.Note(env, "using "+found.Where+"; there is also "+strings.Join(found.Others, ", ")+": --field NAME chooses")
	}
	return found, nil
}

// nothingOnStdin returns the error of an empty pipe. Where an unset variable left --secret or --key
// without its value, that took the token.
func (o tokenOptions) nothingOnStdin() *verdict.Error {
	e := verdict.Errorf(verdict.Malformed, "no token found: the input is empty")
	for _, name := range []string{"secret", "key"} {
		flag := o.flags.Lookup(name)
		if flag == nil || !flag.Changed {
			continue
		}
		values, _ := o.flags.GetStringArray(name)
		for _, v := range values {
			if compact.Looks(v) || strings.HasPrefix(v, "@") && name == "secret" {
				return e.Hintf("is the token the value of --%s? is a shell variable before it not set? quote it: --%s \"$VARIABLE\" TOKEN", name, name)
			}
		}
	}
	return e.Hintf("stdin is empty: did the command before the pipe fail?")
}

// open opens the input of a batch.
func (o tokenOptions) open(in *input.Reader, args []string) (io.ReadCloser, error) {
	if len(args) == 1 && args[0] != "-" && !strings.HasPrefix(args[0], "@") {
		return nil, verdict.Errorf(verdict.Usage, "--batch reads one token per line from stdin or @FILE, not from an argument").
			Hintf("jwt … --batch @tokens.txt")
	}
	f, _, err := in.OpenText(args, "the tokens")
	return f, err
}

// tooLarge returns the error of an input that is too large.
func (o tokenOptions) tooLarge() error {
	return verdict.Errorf(verdict.TooLarge, "the input is too large for a token of at most %d bytes", o.maxSize).
		Hintf("--max-token-size BYTES allows more")
}

func (o tokenOptions) checkSize(token string) error {
	if len(token) > o.maxSize {
		return verdict.Errorf(verdict.TooLarge, "the token has %d bytes, the limit is %d", len(token), o.maxSize).
			Hintf("--max-token-size %d", len(token))
	}
	return nil
}
