package cmd

import (
	"io"
	"strings"

	"github.com/spf13/pflag"

	"jwt/internal/input"
	"jwt/internal/jws"
	"jwt/internal/scan"
	"jwt/internal/verdict"
)

// tokenOptions say how a command gets its token.
type tokenOptions struct {
	field   string
	maxSize int
}

func (o *tokenOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.field, "field", "", "take the token from the member, cookie, header or parameter `NAME`")
	f.IntVar(&o.maxSize, "max-token-size", jws.MaxTokenBytes, "refuse a larger token, in `BYTES`")
}

// check refuses a size that no token has.
func (o tokenOptions) check() error {
	const most = 1 << 30
	if o.maxSize < 1 || o.maxSize > most {
		return verdict.Errorf(verdict.Usage, "--max-token-size: is %d, must be from 1 to %d bytes", o.maxSize, most)
	}
	return nil
}

// read returns the one token of what was given. join lets a token through that
// is wrapped over lines: for showing it, not for believing it.
func (o tokenOptions) read(env *Env, out outputOptions, in *input.Reader, args []string, join bool) (scan.Found, error) {
	if len(args) == 1 && args[0] == "" {
		return scan.Found{}, verdict.Errorf(verdict.Malformed, "the token is empty").
			Hintf("is the shell variable set?")
	}
	text, err := in.Text(args, "token", o.maxSize+dressing)
	if err != nil {
		return scan.Found{}, o.tooLarge(err)
	}
	found, err := scan.One(text, scan.Options{Field: o.field, Join: join})
	if err != nil {
		return scan.Found{}, err
	}
	if err := o.checkSize(found.Token); err != nil {
		return scan.Found{}, err
	}
	if found.Wrapped {
		out.note(env, "the token was wrapped over lines and has been joined; jwt verify would refuse it")
	}
	if len(found.Others) > 0 {
		out.note(env, "took "+found.Where+"; there is also "+strings.Join(found.Others, ", ")+": --field NAME chooses")
	}
	return found, nil
}

// open opens what a batch reads its lines from.
func (o tokenOptions) open(in *input.Reader, args []string) (io.ReadCloser, error) {
	if len(args) == 1 && args[0] != "-" && !strings.HasPrefix(args[0], "@") {
		return nil, verdict.Errorf(verdict.Usage, "--batch reads one token a line from stdin or @FILE, not from an argument").
			Hintf("jwt … --batch @tokens.txt")
	}
	f, _, err := in.OpenText(args, "the tokens")
	return f, err
}

// tooLarge says of an input past the limit what the limit is.
func (o tokenOptions) tooLarge(err error) error {
	if verdict.ClassOf(err) != verdict.TooLarge {
		return err
	}
	return verdict.Errorf(verdict.TooLarge, "the input is larger than a token of %d bytes may be", o.maxSize).
		Hintf("--max-token-size BYTES allows more")
}

func (o tokenOptions) checkSize(token string) error {
	if len(token) > o.maxSize {
		return verdict.Errorf(verdict.TooLarge, "the token has %d bytes, at most %d are read", len(token), o.maxSize).
			Hintf("--max-token-size %d", len(token))
	}
	return nil
}
