package cmd

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"jwt/internal/input"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jwks"
	"jwt/internal/verdict"
)

// A keyring is the keys of a command line. They are read once, when they are
// first needed; a set that was fetched can be fetched again for a new kid. It is
// shared by the workers of a batch.
type keyring struct {
	options keyOptions
	env     *Env
	ctx     context.Context
	in      *input.Reader
	output  outputOptions
	at      time.Time // when certificates must be valid; zero is now

	mutex   sync.Mutex
	loaded  bool
	err     error
	sources []keySource
	all     []jwk.Key // of the sources; a new list where they change
	client  *jwks.Client
	given   []byte // the passphrase, once it was read
}

// A keySource is the keys of one --key or --secret.
type keySource struct {
	set     jwk.Set
	name    string       // for reports
	text    []byte       // as read from a file, which somebody may have taken for a secret
	mode    fs.FileMode  // the permissions of a file; 0 otherwise
	fetched jwks.Fetched // where the keys came over the network
	remote  bool
	literal bool // a secret on the command line
}

func (o keyOptions) ring(ctx context.Context, env *Env, output outputOptions) *keyring {
	return &keyring{options: o, env: env, ctx: ctx, in: env.input(), output: output}
}

// keys returns all keys, reading them if that was not done yet.
func (k *keyring) keys() ([]jwk.Key, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if !k.loaded {
		k.loaded = true
		k.err = k.load()
		k.gather()
	}
	return k.all, k.err
}

// gather puts the keys of all sources together, once for all tokens of a batch.
func (k *keyring) gather() {
	k.all = nil
	for _, s := range k.sources {
		k.all = append(k.all, s.set.Keys...)
	}
}

func (k *keyring) load() error {
	for _, source := range k.options.sources {
		s, err := k.read(source)
		if err != nil {
			return err
		}
		k.sources = append(k.sources, s)
	}
	for _, source := range k.options.secrets {
		s, err := k.loadSecret(source)
		if err != nil {
			return err
		}
		k.sources = append(k.sources, s)
	}
	return nil
}

// read reads a source and judges nothing. Where no key of a set can be used, the
// set comes with the error.
func (k *keyring) read(source string) (keySource, error) {
	if remote, ok := jwks.ParseSource(source); ok {
		fetched, err := k.issuerClient().Load(k.ctx, remote)
		for _, w := range fetched.Warnings {
			k.output.note(k.env, w)
		}
		if err == nil {
			if fetched.Set, err = fetched.Set.WithoutSecrets(); err != nil {
				err = inSource(source, err)
			}
		}
		return keySource{set: fetched.Set, name: source, fetched: fetched, remote: true}, err
	}
	if strings.HasPrefix(source, "eyJ") && strings.Count(source, ".") == 2 {
		return keySource{}, verdict.Errorf(verdict.KeyUnreadable, "--key: this is a token, not a key").
			Hintf("the token is the argument, --key the file with the key: jwt verify TOKEN --key FILE")
	}
	read, err := k.in.Bytes(source, "the key", jwk.MaxBytes)
	if err != nil {
		return keySource{}, err
	}
	s := keySource{name: read.Name, text: read.Data, mode: read.Mode}
	s.set, err = jwe.ParseKeys(read.Data, k.passphrase(read.Name))
	if err != nil {
		return s, secretHint(read, encryptedHint(inSource(read.Name, err)))
	}
	for i := range s.set.Keys {
		s.set.Keys[i].Source = read.Name
	}
	return s, nil
}

func (k *keyring) loadSecret(source string) (keySource, error) {
	read, literal, err := k.in.Secret(source, jwk.MaxBytes)
	if err != nil {
		return keySource{}, err
	}
	key, err := jwk.Secret(read.Data)
	if err != nil {
		return keySource{}, inSource(read.Name, err)
	}
	key.Source, key.Trimmed = read.Name, read.Trimmed
	switch {
	case literal && isFile(source):
		k.output.note(k.env, source+" is taken as the secret itself: --secret @"+source+" reads the file")
	case literal:
		k.output.note(k.env, "the secret on the command line is visible to ps and in the shell's history; --secret @FILE or env:NAME is not")
	}
	return keySource{set: jwk.Set{Keys: []jwk.Key{key}}, name: read.Name, literal: literal}, nil
}

func (k *keyring) instant() time.Time {
	if k.at.IsZero() {
		return k.env.Now()
	}
	return k.at
}

// passphrase returns how the passphrase of a key is got: from where the command
// line says, or from the person at the terminal.
func (k *keyring) passphrase(name string) func() ([]byte, error) {
	if k.options.passphrase.source != "" {
		return k.givenPassphrase
	}
	if k.env.Secret == nil || !k.env.StderrTTY {
		return nil
	}
	return func() ([]byte, error) { return k.env.Secret("Passphrase for " + name + ": ") }
}

// givenPassphrase is the one of the command line, for every key of it.
func (k *keyring) givenPassphrase() (p []byte, err error) {
	if k.given == nil {
		k.given, err = k.options.passphrase.read(k.in)
	}
	return k.given, err
}

// inSource puts the name of the source before what is wrong with its keys.
func inSource(name string, err error) error {
	e := *classified(err)
	if e.Class != verdict.Interrupted {
		e.Message = name + ": " + e.Message
	}
	return &e
}

// secretHint is what to type where a file with a secret was given as a key.
func secretHint(read input.Source, err error) error {
	if !errors.Is(err, jwk.ErrNoKey) || read.Mode == 0 {
		return err
	}
	e := *classified(err)
	e.Hint = "if it is an HMAC secret: --secret @" + read.Name
	return &e
}

// refresh fetches the sets that came over the network once more, because a token
// names a kid that none of them has. It returns nil where there is none.
func (k *keyring) refresh() ([]jwk.Key, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	any := false
	for i, s := range k.sources {
		if !s.remote {
			continue
		}
		any = true
		fetched, err := k.issuerClient().Refresh(k.ctx, s.fetched)
		if err != nil {
			return nil, err
		}
		if fetched.Set, err = fetched.Set.WithoutSecrets(); err != nil {
			return nil, inSource(s.name, err)
		}
		k.sources[i].set, k.sources[i].fetched = fetched.Set, fetched
	}
	if !any {
		return nil, nil
	}
	k.gather()
	return k.all, nil
}

// issuersOf returns the issuers in whose discovered sets the key stands.
func (k *keyring) issuersOf(key jwk.Key) []string {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	same := func(other jwk.Key) bool {
		return other.Source == key.Source && other.Thumbprint() == key.Thumbprint()
	}
	var issuers []string
	for _, s := range k.sources {
		if name := s.fetched.Issuer; s.remote && name != "" && slices.ContainsFunc(s.set.Keys, same) {
			issuers = append(issuers, name)
		}
	}
	return issuers
}

// texts returns the keys as they were written.
func (k *keyring) texts() [][]byte {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var texts [][]byte
	for _, s := range k.sources {
		if s.text != nil {
			texts = append(texts, s.text)
		}
	}
	return texts
}

func (k *keyring) issuerClient() *jwks.Client {
	if k.client == nil {
		transport := k.env.HTTP
		if transport == nil {
			transport = &http.Client{}
		}
		k.client = &jwks.Client{HTTP: transport, CacheDir: k.env.CacheDir(), Offline: k.options.offline, Now: k.env.Now, UserAgent: k.env.UserAgent()}
	}
	return k.client
}

func (k *keyring) ask(prompt string) ([]byte, error) {
	if k.env.Secret == nil {
		return nil, verdict.Errorf(verdict.Usage, "there is no terminal to ask for the password on").
			Hintf("--password @FILE, env:NAME or fd:N")
	}
	b, err := k.env.Secret(prompt)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the prompt for the password: %w", err).
			Hintf("--password @FILE, env:NAME or fd:N")
	}
	return b, nil
}
