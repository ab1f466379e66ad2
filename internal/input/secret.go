package input

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/verdict"
)

// Secret reads an HMAC secret: @PATH, -, env:NAME, fd:N, b64:…, b64url:…, hex:…,
// raw:PATH, or the text itself, up to limit bytes. One newline at the end of a
// text source is not part of the secret; raw: keeps every byte. literal says that
// the secret stood on the command line, for everybody to see.
func (r *Reader) Secret(source string, limit int) (s Source, literal bool, err error) {
	s, literal, err = r.secret(source, limit)
	if err == nil && len(s.Data) == 0 {
		err = verdict.Errorf(verdict.KeyRefused, "the secret is empty")
	}
	return s, literal, err
}

func (r *Reader) secret(source string, limit int) (Source, bool, error) {
	if scheme, text, ok := strings.Cut(source, ":"); ok {
		switch scheme {
		case "b64", "b64url", "hex":
			b, err := decoded(scheme, text)
			return Source{Data: b, Name: "the command line"}, true, err
		case "raw":
			s, err := readFile(text, limit)
			return s, false, err
		}
	}
	if path, ok := strings.CutPrefix(source, "@"); ok {
		s, err := readFile(path, limit)
		s.Data = trimNewline(s.Data)
		return s, false, err
	}
	if source == "-" && r.StdinTTY {
		s, err := r.prompt()
		return s, false, err
	}
	if s, ok, err := r.named(source, "the secret", limit); ok || err != nil {
		s.Data = trimNewline(s.Data)
		return s, false, err
	}
	return Source{Data: []byte(source), Name: "the command line"}, true, nil
}

func (r *Reader) prompt() (Source, error) {
	b, err := r.Prompt("Secret: ")
	if err != nil {
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "the prompt for the secret: %w", err)
	}
	return Source{Data: b, Name: "the prompt"}, nil
}

// decoded never quotes the text: it is the secret.
func decoded(scheme, text string) ([]byte, error) {
	var b []byte
	var err error
	switch scheme {
	case "hex":
		b, err = hex.DecodeString(text)
	case "b64url":
		b, err = base64url.Decode(strings.TrimRight(text, "="))
	default:
		if strings.ContainsAny(text, "\r\n") {
			err = base64.CorruptInputError(0)
		} else {
			b, err = base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
		}
	}
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the secret after %s: is not what the prefix says", scheme)
	}
	return b, nil
}
