package tokensource

import (
	"bytes"
	"cmp"
	"io"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jws"
	"jwt/internal/keysource"
	"jwt/internal/scan"
	"jwt/internal/serialization"
	"jwt/internal/verdict"
)

// Read reads the input and finds its token. With join, a token that is wrapped over lines is
// joined, which is safe only to show it. A token in a JSON serialization becomes the compact one.
func (o Options) Read(env *cli.Env, out cli.Output, in *input.Reader, args []string, join bool) (scan.Found, error) {
	found, form, err := o.ReadForm(env, out, in, args, join)
	if err != nil || form == nil {
		return found, err
	}
	text, err := form.Compact()
	if err != nil {
		return scan.Found{}, cli.Classified(err).Hintf("jwt verify checks each signature; jwt decode shows all of it")
	}
	out.Note(env, "the token is in the "+form.Name()+" JSON serialization")
	return scan.Found{Token: text}, o.CheckSize(text)
}

// ReadForm is Read for a command that can work on a JSON serialization. The form is nil for a
// compact token.
func (o Options) ReadForm(env *cli.Env, out cli.Output, in *input.Reader, args []string, join bool) (scan.Found, *serialization.Form, error) {
	text, err := o.ReadText(in, args)
	if err != nil {
		return scan.Found{}, nil, err
	}
	if trimmed := bytes.TrimSpace(text); o.Field == "" && serialization.Is(trimmed) {
		form, err := serialization.Parse(trimmed)
		return scan.Found{}, &form, keysource.InFile(args, err)
	}
	found, err := o.find(env, out, text, args, join)
	return found, nil, keysource.InFile(args, err)
}

// ReadText reads the input.
func (o Options) ReadText(in *input.Reader, args []string) ([]byte, error) {
	if len(args) == 1 && args[0] == "" {
		return nil, verdict.Errorf(verdict.Malformed, "the token is empty").
			Hintf("is the shell variable set?")
	}
	text, err := in.Text(args, "token", o.MaxText())
	switch empty := len(bytes.TrimSpace(text)) == 0; {
	case verdict.ClassOf(err) == verdict.TooLarge:
		return nil, keysource.InFile(args, o.tooLarge())
	case err != nil:
		return nil, err
	case empty && (len(args) == 0 || input.IsStdin(args[0])):
		return nil, o.nothingOnStdin()
	case serialization.IsNumeric(string(text)):
		token, err := serialization.FromNumeric(string(text))
		return []byte(token), keysource.InFile(args, err)
	}
	return text, nil
}

// find finds the token in the text.
func (o Options) find(env *cli.Env, out cli.Output, text []byte, args []string, join bool) (scan.Found, error) {
	found, err := scan.One(text, scan.Options{Field: o.Field, Join: join, Batch: o.flags.Lookup("batch") != nil})
	if err != nil {
		return scan.Found{}, explain(env, text, args, err)
	}
	if err := o.CheckSize(found.Token); err != nil {
		return scan.Found{}, err
	}
	for _, note := range notes(found) {
		out.Note(env, note)
	}
	return found, nil
}

// notes returns what the caller may not expect of the token or of its place.
func notes(found scan.Found) []string {
	var notes []string
	if found.Wrapped {
		notes = append(notes, "the token was wrapped over lines and has been joined; jwt verify would refuse it")
	}
	switch {
	case found.Encoded && found.Where != "":
		notes = append(notes, "the token was in Base64 ("+found.Where+") and has been decoded")
	case found.Encoded:
		notes = append(notes, "the token was in Base64 and has been decoded; jwt verify would refuse it")
	}
	if found.GitHub {
		notes = append(notes, "the token follows a prefix of GitHub (ghs_…), which is left out: GitHub alone vouches for it and publishes no key for it")
	}
	if found.Quoted {
		notes = append(notes, "the token is in quotes after its scheme: a server gets them, too, and refuses it")
	}
	if found.Opaque != "" {
		notes = append(notes, "using "+cmp.Or(found.Where, "the only JWT")+": "+found.Opaque+" is not a JWT, and a server may check that one")
	}
	if len(found.Others) > 0 {
		notes = append(notes, "using "+found.Where+"; there is also "+strings.Join(found.Others, ", ")+": --field NAME chooses")
	}
	return notes
}

// OpenLines opens the input of a batch.
func (o Options) OpenLines(in *input.Reader, args []string) (io.ReadCloser, error) {
	if len(args) == 1 && args[0] != "-" && !strings.HasPrefix(args[0], "@") {
		return nil, verdict.Errorf(verdict.Usage, "--batch reads one token per line from stdin or @FILE, not from an argument").
			Hintf("jwt … --batch @tokens.txt")
	}
	f, _, err := in.OpenText(args, "the tokens")
	return f, err
}

// ReadPayload reads the payload that is beside a token, byte for byte.
func ReadPayload(in *input.Reader, source string) ([]byte, error) {
	s, err := in.Bytes(source, "the payload", jws.MaxTokenBytes)
	if err != nil {
		return nil, cli.FlagError("payload-file", err)
	}
	return s.Data, nil
}
