package keysource

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/input"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jwks"
	"jwt/internal/loopback"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// A Source is the keys of one --key or --secret.
type Source struct {
	Set  jwk.Set
	Name string      // for messages
	Mode fs.FileMode // of a file; else 0

	text    []byte       // the bytes of a file, which the signer may have used as a secret
	fetched jwks.Fetched // of a remote source
	remote  bool
	literal bool // a secret on the command line

	named, spelled string // what a literal secret is also the name of, and how its content is given
}

// Read reads the keys of a source, also those that cannot be used. If none of a set can,
// it returns the set with the error.
func (k *Sources) Read(source string) (Source, error) {
	if remote, ok := jwks.ParseSource(source); ok {
		fetched, err := k.fetcher().Load(k.Ctx, remote)
		for _, w := range fetched.Warnings {
			k.Output.Note(k.Env, w)
		}
		if err == nil {
			if fetched.Set, err = fetched.Set.WithoutSecrets(); err != nil {
				err = InSource(source, err)
			}
		}
		s := Source{Set: fetched.Set, Name: source, fetched: fetched, remote: true}
		s.markAge(k.Env.Now())
		return s, err
	}
	if _, ok, err := jwks.ParseLoadBalancer(source); ok {
		if err == nil {
			err = verdict.Errorf(verdict.Usage, "the keys of a load balancer verify its own tokens alone").Hintf("--profile aws-alb")
		}
		return Source{}, cli.FlagError("key", err)
	}
	if AgentSource(source) {
		return k.readAgent(source)
	}
	if compact.Looks(source) && compact.KindOf(source) != compact.JWE { // a JWE may hold a key
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "--key: this is a token, not a key").
			Hintf("the token is the argument, --key the file with the key: jwt verify TOKEN --key FILE")
	}
	read, err := k.In.Bytes(source, "the key", jwk.MaxBytes)
	if err != nil {
		return Source{}, err
	}
	s := Source{Name: read.Name, text: read.Data, Mode: read.Mode}
	s.Set, err = jwe.ParseKeys(read.Data, k.passphrase(read.Name))
	if err != nil {
		return s, secretHint(read, EncryptedHint(InSource(read.Name, err)))
	}
	for i := range s.Set.Keys {
		s.Set.Keys[i].Source = read.Name
	}
	return s, nil
}

// markAge notes in the keys how old their set is, if it is a copy.
func (s Source) markAge(now time.Time) {
	if !s.fetched.FromCache {
		return
	}
	age := "cached, " + reltime.Span(now.Sub(s.fetched.Checked)) + " old"
	for i := range s.Set.Keys {
		s.Set.Keys[i].Age = age
	}
}

func (k *Sources) readSecret(source string) (Source, error) {
	if inner, ok := strings.CutPrefix(source, "nextauth:"); ok {
		return k.readNextAuth(inner)
	}
	read, literal, err := k.In.Secret(source, jwk.MaxBytes)
	if err != nil {
		return Source{}, err
	}
	key, err := jwk.Secret(read.Data)
	if err != nil {
		return Source{}, InSource(read.Name, err)
	}
	key.Source, key.Trimmed = read.Name, read.Trimmed
	s := Source{Set: jwk.Set{Keys: []jwk.Key{key}}, Name: read.Name, literal: literal}
	switch {
	case !literal && isSettings(read.Data):
		k.Output.Note(k.Env, noteSettings(read))
	case literal && cli.IsFile(source):
		k.Output.Note(k.Env, source+" is used as the secret itself; --secret @"+source+" reads the file")
		s.named, s.spelled = "file", "to read the file: --secret @"+source
	case literal && k.In.IsVariable(source):
		name := strings.TrimPrefix(source, "$")
		k.Output.Note(k.Env, name+" is used as the secret itself; --secret env:"+name+" reads the variable")
		s.named, s.spelled = "variable", "to read the variable: --secret env:"+name
	case literal:
		k.Output.Note(k.Env, "the secret on the command line is visible to ps and in the shell's history; --secret @FILE or env:NAME is not")
	}
	return s, nil
}

// readNextAuth derives the keys of NextAuth and Auth.js from the secret of a source.
func (k *Sources) readNextAuth(source string) (Source, error) {
	s, err := k.readSecret(source)
	if err != nil {
		return s, err
	}
	secret, _ := s.Set.Keys[0].Material().([]byte)
	if s.Set.Keys, err = jwe.NextAuthKeys(secret); err != nil {
		return Source{}, InSource(s.Name, err)
	}
	for i := range s.Set.Keys {
		s.Set.Keys[i].Source = s.Name
	}
	return s, nil
}

// OutOfDate returns the error of a certificate that is not valid at the instant. The
// certificates in a JWK do not count, because they are not why its key is trusted.
func (s Source) OutOfDate(k *Sources) error {
	for _, key := range s.Set.Keys {
		if err := key.CertificateError(k.Instant()); err != nil {
			return InSource(s.Name, err)
		}
	}
	return nil
}

// PrimeModulus returns an error if a key is an RSA key whose modulus is a prime. It takes
// long enough that only commands which judge keys call it.
func (s Source) PrimeModulus() error {
	for _, key := range s.Set.Keys {
		if w := key.ModulusWarnings(); len(w) > 0 {
			return InSource(s.Name, verdict.Errorf(verdict.KeyRefused, "%s", w[0].Detail))
		}
	}
	return nil
}

// fetcher returns the client that fetches key sets, made when the first is needed.
func (k *Sources) fetcher() *jwks.Client {
	if k.client == nil {
		transport := k.Env.HTTP
		if transport == nil {
			transport = &http.Client{}
		}
		k.client = &jwks.Client{
			HTTP: transport, CacheDir: k.Env.CacheDir(),
			Offline: k.Options.Offline, Reload: k.Options.Refresh, Revalidate: loopback.Host, Now: k.Env.Now, UserAgent: k.Env.UserAgent(),
		}
	}
	return k.client
}

// InSource adds the name of a source to an error about it.
func InSource(name string, err error) error {
	e := *cli.Classified(err)
	if e.Class != verdict.Interrupted {
		e.Message = name + ": " + e.Message
	}
	return &e
}

// InFile adds to an error of a text the name of the file that the text is from.
func InFile(args []string, err error) error {
	if err == nil || len(args) != 1 || input.IsStdin(args[0]) {
		return err
	}
	if path, ok := strings.CutPrefix(args[0], "@"); ok {
		return InSource(path, err)
	}
	return err
}

// secretHint adds the hint to use --secret, if a file is not a key.
func secretHint(read input.Source, err error) error {
	if !errors.Is(err, jwk.ErrNoKey) || read.Mode == 0 {
		return emptyHint(read, err)
	}
	e := *cli.Classified(err)
	e.Hint = "if it is an HMAC secret: --secret @" + read.Name
	return &e
}

// emptyHint adds to the error of an empty source how to fill it.
func emptyHint(read input.Source, err error) error {
	if len(bytes.TrimSpace(read.Data)) > 0 {
		return err
	}
	e := *cli.Classified(err)
	name, isVariable := strings.CutPrefix(read.Name, "env:")
	switch e.Hint = "write the key into it, or give another file"; {
	case isVariable:
		e.Hint = "export " + name + " with the text of the key"
	case name == "stdin":
		e.Hint = "did the command before the pipe fail?"
	}
	return &e
}

// EncryptedHint adds the hint to use --passphrase to the error of an encrypted key.
func EncryptedHint(err error) error {
	if !errors.Is(err, jwk.ErrEncrypted) {
		return err
	}
	e := *cli.Classified(err)
	e.Hint = "--passphrase env:NAME, @FILE or fd:N"
	return &e
}

// leftOut says why a key of a source cannot be used.
func leftOut(source string, s jwk.Skipped) string {
	return Place(source, s.Index, s.ID) + " is left out: " + s.Err.Error()
}

// Place names a key of a set: its index, and its kid if it has one.
func Place(set string, i int, id string) string {
	text := set + ": keys[" + strconv.Itoa(i) + "]"
	if id != "" {
		text += " (kid " + string(jsonobject.Quote(id)) + ")"
	}
	return text
}
