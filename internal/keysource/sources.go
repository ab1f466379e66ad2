package keysource

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jwks"
	"jwt/internal/verdict"
)

// A Sources is the keys of a command line. They are read once, when they are
// first needed; a set that was fetched can be fetched again for a new kid. It is
// shared by the workers of a batch.
type Sources struct {
	Options Options
	Env     *cli.Env
	Ctx     context.Context
	In      *input.Reader
	Output  cli.Output
	At      time.Time // when certificates must be valid; zero is now

	mutex   sync.Mutex
	loaded  bool
	err     error
	sources []Source
	all     []jwk.Key // of the sources; a new list where they change
	client  *jwks.Client
	given   []byte // the passphrase, once it was read
}

// A Source is the keys of one --key or --secret.
type Source struct {
	Set     jwk.Set
	Name    string       // for reports
	text    []byte       // as read from a file, which somebody may have taken for a secret
	Mode    fs.FileMode  // the permissions of a file; 0 otherwise
	fetched jwks.Fetched // where the keys came over the network
	remote  bool
	literal bool // a secret on the command line
}

func (o Options) Sources(ctx context.Context, env *cli.Env, output cli.Output) *Sources {
	return &Sources{Options: o, Env: env, Ctx: ctx, In: env.Input(), Output: output}
}

// Keys returns all keys, reading them if that was not done yet.
func (k *Sources) Keys() ([]jwk.Key, error) {
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
func (k *Sources) gather() {
	k.all = nil
	for _, s := range k.sources {
		k.all = append(k.all, s.Set.Keys...)
	}
}

func (k *Sources) load() error {
	for _, source := range k.Options.Keys {
		s, err := k.Read(source)
		if err != nil {
			return err
		}
		k.sources = append(k.sources, s)
	}
	for _, source := range k.Options.Secrets {
		s, err := k.loadSecret(source)
		if err != nil {
			return err
		}
		k.sources = append(k.sources, s)
	}
	return nil
}

// Read reads a source and judges nothing. Where no key of a set can be used, the
// set comes with the error.
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
		return Source{Set: fetched.Set, Name: source, fetched: fetched, remote: true}, err
	}
	if strings.HasPrefix(source, "eyJ") && strings.Count(source, ".") == 2 {
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

func (k *Sources) loadSecret(source string) (Source, error) {
	read, literal, err := k.In.Secret(source, jwk.MaxBytes)
	if err != nil {
		return Source{}, err
	}
	key, err := jwk.Secret(read.Data)
	if err != nil {
		return Source{}, InSource(read.Name, err)
	}
	key.Source, key.Trimmed = read.Name, read.Trimmed
	switch {
	case literal && cli.IsFile(source):
		k.Output.Note(k.Env, source+" is taken as the secret itself: --secret @"+source+" reads the file")
	case literal:
		k.Output.Note(k.Env, "the secret on the command line is visible to ps and in the shell's history; --secret @FILE or env:NAME is not")
	}
	return Source{Set: jwk.Set{Keys: []jwk.Key{key}}, Name: read.Name, literal: literal}, nil
}

func (k *Sources) Instant() time.Time {
	if k.At.IsZero() {
		return k.Env.Now()
	}
	return k.At
}

// passphrase returns how the passphrase of a key is got: from where the command
// line says, or from the person at the terminal.
func (k *Sources) passphrase(name string) func() ([]byte, error) {
	if k.Options.Passphrase.Source != "" {
		return k.GivenPassphrase
	}
	if k.Env.Secret == nil || !k.Env.StderrTTY {
		return nil
	}
	return func() ([]byte, error) { return k.Env.Secret("Passphrase for " + name + ": ") }
}

// GivenPassphrase is the one of the command line, for every key of it.
func (k *Sources) GivenPassphrase() (p []byte, err error) {
	if k.given == nil {
		k.given, err = k.Options.Passphrase.Read(k.In)
	}
	return k.given, err
}

// InSource puts the name of the source before what is wrong with its keys.
func InSource(name string, err error) error {
	e := *cli.Classified(err)
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
	e := *cli.Classified(err)
	e.Hint = "if it is an HMAC secret: --secret @" + read.Name
	return &e
}

// Refetch fetches the sets that came over the network once more, because a token
// names a kid that none of them has. It returns nil where there is none.
func (k *Sources) Refetch() ([]jwk.Key, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	any := false
	for i, s := range k.sources {
		if !s.remote {
			continue
		}
		any = true
		fetched, err := k.fetcher().Refresh(k.Ctx, s.fetched)
		if err != nil {
			return nil, err
		}
		if fetched.Set, err = fetched.Set.WithoutSecrets(); err != nil {
			return nil, InSource(s.Name, err)
		}
		k.sources[i].Set, k.sources[i].fetched = fetched.Set, fetched
	}
	if !any {
		return nil, nil
	}
	k.gather()
	return k.all, nil
}

// IssuersOf returns the issuers in whose discovered sets the key stands.
func (k *Sources) IssuersOf(key jwk.Key) []string {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	same := func(other jwk.Key) bool {
		return other.Source == key.Source && other.Thumbprint() == key.Thumbprint()
	}
	var issuers []string
	for _, s := range k.sources {
		if name := s.fetched.Issuer; s.remote && name != "" && slices.ContainsFunc(s.Set.Keys, same) {
			issuers = append(issuers, name)
		}
	}
	return issuers
}

// Texts returns the keys as they were written.
func (k *Sources) Texts() [][]byte {
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

func (k *Sources) fetcher() *jwks.Client {
	if k.client == nil {
		transport := k.Env.HTTP
		if transport == nil {
			transport = &http.Client{}
		}
		k.client = &jwks.Client{HTTP: transport, CacheDir: k.Env.CacheDir(), Offline: k.Options.Offline, Now: k.Env.Now, UserAgent: k.Env.UserAgent()}
	}
	return k.client
}

func (k *Sources) Ask(prompt string) ([]byte, error) {
	if k.Env.Secret == nil {
		return nil, verdict.Errorf(verdict.Usage, "there is no terminal to ask for the password on").
			Hintf("--password @FILE, env:NAME or fd:N")
	}
	b, err := k.Env.Secret(prompt)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the prompt for the password: %w", err).
			Hintf("--password @FILE, env:NAME or fd:N")
	}
	return b, nil
}
