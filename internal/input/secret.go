package input

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"jwt/internal/verdict"
)

// Places lists where Secret finds a secret, for the help of flags. Before one of them, b64:, b64url: or
// hex: decodes it.
const Places = "@PATH, raw:PATH, dotenv:PATH#NAME, env:NAME, fd:N, - (or a prompt), its own text"

// Secret reads an HMAC secret of up to limit bytes from one of Places. One line end is removed from the
// end of a text source; raw: keeps every byte. literal reports that the secret is on the command line,
// where other users can see it.
func (r *Reader) Secret(source string, limit int) (s Source, literal bool, err error) {
	s, literal, err = r.secret(source, limit)
	switch {
	case err != nil:
		return Source{}, literal, err
	case len(s.Data) == 0:
		return Source{}, literal, emptySecret(s.Name)
	}
	return s, literal, nil
}

// emptySecret names the source of an empty secret.
func emptySecret(name string) error {
	const hint = "an empty secret protects nothing"
	switch {
	case name == "" || name == commandLine || name == "the prompt":
		return verdict.Errorf(verdict.KeyRefused, "the secret is empty").Hintf("%s; is the shell variable set?", hint)
	case strings.HasPrefix(name, "env:"):
		return verdict.Errorf(verdict.KeyRefused, "the secret from %s is empty: the variable is set, but to nothing", name).Hintf("%s; export it with a value", hint)
	case name == "stdin":
		return verdict.Errorf(verdict.KeyRefused, "the secret from stdin is empty").Hintf("%s; did the command before the pipe fail?", hint)
	default:
		return verdict.Errorf(verdict.KeyRefused, "the secret from %s is empty", name).Hintf("%s; write the secret into it", hint)
	}
}

func (r *Reader) secret(source string, limit int) (Source, bool, error) {
	source = withoutAt(source)
	if scheme, text, ok := strings.Cut(source, ":"); ok {
		switch scheme {
		case "b64", "b64url", "hex":
			return r.encoded(scheme, text, limit)
		case "dotenv":
			s, err := dotenv(text, limit)
			return s, false, err
		case "raw":
			s, err := readSecretFile(text, limit)
			return s, false, err
		}
	}
	if path, ok := strings.CutPrefix(source, "@"); ok {
		s, err := readSecretFile(path, limit)
		return s.withoutLineEnd(), false, err
	}
	if source == "-" && r.StdinTTY {
		s, err := r.prompt()
		return s, false, err
	}
	if s, ok, err := r.named(source, "the secret", limit); ok || err != nil {
		return s.withoutLineEnd(), false, err
	}
	if len(source) > limit {
		return Source{}, true, tooLarge("the secret", limit)
	}
	return Source{Data: []byte(source), Name: commandLine}, true, nil
}

// laravel is what Laravel writes before a key in Base64.
const laravel = "base64:"

// encoded decodes a secret that is on the command line or in a source. The lines of a source are
// joined: base64 and openssl break a long secret. No encoded text has an @ or a colon, or is a -.
func (r *Reader) encoded(scheme, text string, limit int) (Source, bool, error) {
	text = strings.TrimPrefix(text, laravel)
	s, literal := Source{Data: []byte(text), Name: commandLine}, true
	if text == "-" || strings.ContainsAny(text, "@:") {
		var err error
		if s, literal, err = r.secret(text, limit); err != nil || literal {
			return Source{}, literal, cmp.Or(err, undecodable(scheme, commandLine))
		}
		s.Data, s.Trimmed = bytes.Join(bytes.Fields(bytes.TrimPrefix(s.Data, []byte(laravel))), nil), ""
	}
	b, err := decode(scheme, string(s.Data))
	switch {
	case err != nil:
		err = undecodable(scheme, s.Name)
	case len(b) > limit:
		err = tooLarge("the secret", limit)
	}
	s.Data = b
	return s, literal, err
}

func readSecretFile(path string, limit int) (Source, error) {
	if path == "" {
		return Source{}, verdict.Errorf(verdict.Usage, "the file name of the secret is empty").
			Hintf("write @FILE or raw:FILE; pass a secret that begins with @ as env:NAME")
	}
	return readFile(path, limit)
}

func (r *Reader) prompt() (Source, error) {
	if r.Prompt == nil {
		return Source{}, verdict.Errorf(verdict.Usage, "cannot ask for the secret without a terminal").
			Hintf("pass it as @FILE, env:NAME or fd:N")
	}
	if err := r.takeStdin("the secret"); err != nil {
		return Source{}, err
	}
	b, err := r.Prompt("Secret: ")
	switch {
	case errors.Is(err, context.Canceled):
		return Source{}, verdict.Errorf(verdict.Interrupted, "interrupted")
	case err != nil:
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "the prompt for the secret: %w", err)
	}
	return Source{Data: b, Name: "the prompt"}, nil
}

// withoutLineEnd removes one line end, which editors and echo add.
func (s Source) withoutLineEnd() Source {
	n := len(s.Data)
	switch {
	case n > 1 && s.Data[n-2] == '\r' && s.Data[n-1] == '\n':
		s.Data, s.Trimmed = s.Data[:n-2], "\r\n"
	case n > 0 && s.Data[n-1] == '\n':
		s.Data, s.Trimmed = s.Data[:n-1], "\n"
	}
	return s
}

// decode decodes strictly; only the padding of Base64 is optional.
func decode(scheme, text string) ([]byte, error) {
	switch scheme {
	case "hex":
		return hex.DecodeString(text)
	case "b64url":
		return decodeBase64(base64.RawURLEncoding, base64.URLEncoding, text)
	default:
		return decodeBase64(base64.RawStdEncoding, base64.StdEncoding, text)
	}
}

// undecodable returns the error of a text that is not encoded as the scheme says. It does not quote the
// text, which is the secret.
func undecodable(scheme, name string) error {
	names := map[string]string{"hex": "hexadecimal", "b64": "Base64 (with + and /)", "b64url": "base64url (with - and _)"}
	if name == commandLine {
		return verdict.Errorf(verdict.KeyUnreadable, "the secret after %s: is not %s", scheme, names[scheme])
	}
	return verdict.Errorf(verdict.KeyUnreadable, "the secret from %s is not %s", name, names[scheme])
}

func decodeBase64(raw, padded *base64.Encoding, text string) ([]byte, error) {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 { // encoding/base64 ignores them even when strict
		return nil, base64.CorruptInputError(i)
	}
	if strings.HasSuffix(text, "=") {
		return padded.Strict().DecodeString(text)
	}
	return raw.Strict().DecodeString(text)
}
