package key

import (
	"context"
	"slices"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// A job is the part that the commands that write keys share: it reads keys, edits them
// and writes them in one format.
type job struct {
	source keysource.Arguments
	from   []string // --from, which not all have
	form   formatOptions
}

// run reads the keys, lets edit change them, and writes them.
func (j job) run(ctx context.Context, env *cli.Env, args []string, edit func(*keys) error) error {
	if err := j.form.check(); err != nil {
		return err
	}
	sources, err := j.source.Sources(ctx, env, j.form.output(), append(args, j.from...))
	if err != nil {
		return err
	}
	k, err := load(sources)
	if err != nil {
		return err
	}
	if err := edit(k); err != nil {
		return err
	}
	content, err := k.encode(j.form.indents(env))
	if err != nil {
		return err
	}
	return j.form.write(env, content, *k)
}

// keys are the keys that a command works on, and how they are to be written.
type keys struct {
	sources *keysource.Sources
	entries []jwk.Entry

	format     jwk.Format
	asSet      bool   // write a JWK Set even for one key
	passphrase []byte // encrypts private keys; nil for none
}

// load reads all usable keys of the sources. A key that was read as a JWK keeps all its
// members.
func load(sources *keysource.Sources) (*keys, error) {
	read, err := sources.Usable()
	if err != nil {
		return nil, err
	}
	k := &keys{sources: sources}
	for _, s := range read {
		k.asSet = k.asSet || s.Set.IsWrittenAsSet()
		for _, e := range s.Set.Entries() {
			if e.Err == nil && e.JWK.Kind() == '{' {
				k.entries = append(k.entries, e)
			}
		}
	}
	return k, nil
}

// readFormat returns the format that the first key was read in.
func (k keys) readFormat() jwk.Format {
	if len(k.entries) == 0 {
		return jwk.FormatJWK
	}
	switch format := k.entries[0].Key.Format; {
	case strings.HasPrefix(format, "OpenSSH"):
		return jwk.FormatOpenSSH
	case strings.HasPrefix(format, "DER"):
		return jwk.FormatDER
	case strings.HasSuffix(format, "JWK"), k.entries[0].Key.IsSecret():
		return jwk.FormatJWK
	default:
		return jwk.FormatPEM
	}
}

// makePublic replaces the keys by their public halves. A secret, which has none, is an
// error if it is alone, and is otherwise left out with a note.
func (k *keys) makePublic() error {
	all := k.entries
	k.entries = nil
	for _, e := range all {
		half, ok := e.Key.Public()
		switch {
		case ok && e.Key.IsPrivate(): // only members known to be public
			k.entries = append(k.entries, jwk.Entry{JWK: half.JWK(false).Bytes(), Key: half, ID: half.ID})
		case ok:
			k.entries = append(k.entries, e)
		case len(all) == 1:
			return verdict.Errorf(verdict.KeyRefused, "%s: a secret has no public half: anyone who has it can sign", e.Key.Source).
				Hintf("--private writes the secret itself, where the command has it; for others to verify, make a key pair: jwt key generate")
		default:
			k.sources.Output.Note(k.sources.Env, e.Key.Source+": a secret is left out: it has no public half")
		}
	}
	if len(k.entries) == 0 && len(all) > 0 {
		return verdict.Errorf(verdict.KeyRefused, "%s: has only secrets, which have no public half", all[0].Key.Source)
	}
	return nil
}

// private reports whether the keys are written with their private half.
func (k keys) private() bool {
	return k.format != jwk.FormatSPKI && slices.ContainsFunc(k.entries, func(e jwk.Entry) bool { return e.Key.IsPrivate() })
}

// encode returns the content of the file with the keys.
func (k keys) encode(indent bool) ([]byte, error) {
	switch {
	case len(k.entries) == 0:
		return nil, verdict.Errorf(verdict.KeyNotFound, "there is no key to write")
	case k.format.IsJSON():
		return k.encodeJSON(indent)
	case len(k.entries) > 1 && !k.format.IsText():
		return nil, verdict.Errorf(verdict.Usage, "%s holds one key, there are %d", k.format, len(k.entries)).
			Hintf("choose one: jwt key set find SET --kid ID")
	}
	var out []byte
	for _, e := range k.entries {
		b, err := e.Key.Encode(k.format, e.Key.IsPrivate() && k.format != jwk.FormatSPKI, k.passphrase)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return out, nil
}

func (k keys) encodeJSON(indent bool) ([]byte, error) {
	o, _ := k.entries[0].JWK.Object()
	if k.asSet || k.format == jwk.FormatSet || len(k.entries) > 1 {
		o = jwk.Set{}.With(k.entries)
	}
	if k.passphrase == nil || !k.private() {
		return append(render.JSON(o, indent), '\n'), nil
	}
	token, err := jwe.EncryptKeys(o, k.passphrase)
	return append([]byte(token.Text), '\n'), err
}
