package issue

import (
	"bytes"
	"slices"

	"github.com/spf13/pflag"

	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/token"
)

// A plaintext is the content to encrypt.
type plaintext struct {
	bytes    []byte
	isClaims bool
	isToken  bool
	signed   *jws.Token // the token made of the claims
}

// typ returns the default typ of the header (RFC 7519 §5.1).
func (p plaintext) typ() string {
	if p.isClaims || p.isToken {
		return "JWT"
	}
	return ""
}

// cty returns the default cty of the header, which a nested token must have (RFC 7519
// §5.2).
func (p plaintext) cty() string {
	if p.isToken {
		return "JWT"
	}
	return ""
}

// plaintext reads the given bytes, or makes claims and signs them as the flags say.
func (o encryptOptions) plaintext(sources *keysource.Sources, args []string) (plaintext, error) {
	if o.makesClaims() {
		return o.claimsText(sources, args)
	}
	text, err := sources.In.Text(args, "plaintext", jws.MaxTokenBytes)
	if err != nil {
		return plaintext{}, err
	}
	if len(text) == 0 && len(args) == 0 {
		o.output.Note(sources.Env, "stdin is empty, and so is the plaintext: did the command before the pipe fail?")
	}
	line := bytes.TrimRight(text, "\r\n")
	if _, err := token.Open(string(line)); err == nil && o.cty == "" {
		return plaintext{bytes: line, isToken: true}, nil
	}
	_, err = jwt.ParseClaims(text)
	return plaintext{bytes: text, isClaims: err == nil}, nil
}

func (o encryptOptions) claimsText(sources *keysource.Sources, args []string) (plaintext, error) {
	stdinIsKey := slices.ContainsFunc(slices.Concat(o.keys.Keys, o.keys.Secrets, o.signKeys, o.signSecrets), keysource.IsStdin)
	claims, err := readClaims(sources.In, args, stdinIsKey, o.claims.any())
	if err != nil {
		return plaintext{}, err
	}
	now, err := o.at.Now(sources.Env)
	if err != nil {
		return plaintext{}, err
	}
	if err := o.claims.set(&claims, now, true); err != nil {
		return plaintext{}, err
	}
	for _, note := range o.claims.notes() {
		o.output.Note(sources.Env, note)
	}
	if !o.signs() {
		return plaintext{bytes: claims.Bytes(), isClaims: true}, nil
	}
	token, err := o.sign(sources, claims)
	if err != nil {
		return plaintext{}, keysource.Prefixed(keysource.EncryptedHint(err), "sign")
	}
	return plaintext{bytes: []byte(token.Text()), isToken: true, signed: &token}, nil
}

// sign makes the signed token to encrypt, as jwt sign does.
func (o encryptOptions) sign(outer *keysource.Sources, claims jsonobject.Object) (jws.Token, error) {
	var s signOptions
	s.flags = pflag.NewFlagSet("sign", pflag.ContinueOnError)
	s.addFlags(s.flags) // its defaults
	s.keys.Keys, s.keys.Secrets = o.signKeys, o.signSecrets
	s.keys.Offline, s.keys.Passphrase = o.keys.Offline, o.keys.Passphrase
	if o.signAlg != "" {
		s.keys.Algs = []string{o.signAlg}
	}
	if o.flags.Changed("sign-kid") {
		if err := s.flags.Set("kid", o.signKid); err != nil {
			return jws.Token{}, err
		}
	}
	if err := s.check(); err != nil {
		return jws.Token{}, err
	}
	now, err := o.at.Now(outer.Env)
	if err != nil {
		return jws.Token{}, err
	}
	sources := s.keys.Sources(outer.Ctx, outer.Env, o.output)
	sources.In = outer.In
	u := unsigned{claims: claims}
	if u.key, u.alg, err = s.chooseKey(sources, nil); err != nil {
		return jws.Token{}, err
	}
	if err := s.editHeader(&u.header, u.key, u.alg); err != nil {
		return jws.Token{}, err
	}
	token, err := s.make(outer.Env, sources, u)
	if err != nil {
		return jws.Token{}, err
	}
	sources.NoteWarnings(u.key)
	for _, w := range signWarnings(token, u.key, u.alg, now) {
		o.output.Note(outer.Env, w)
	}
	return token, nil
}
