package keysource

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwk"
	"jwt/internal/jwks"
	"jwt/internal/verdict"
)

// Sources are the keys of a command line, read once when they are first needed. A
// fetched set can be fetched again for a new kid. The workers of a batch share them.
type Sources struct {
	Options Options
	Env     *cli.Env
	Ctx     context.Context
	In      *input.Reader
	Output  cli.Output
	At      time.Time // the instant for certificates; zero is now

	all atomic.Pointer[keys] // nil before they are read; replaced, never changed

	mutex   sync.Mutex
	sources []Source
	client  *jwks.Client // made by fetcher
	given   []byte       // the passphrase of --passphrase, once read
}

// keys are the keys of all sources, with the error of one that cannot be read.
type keys struct {
	list []jwk.Key
	err  error
}

// Sources returns the sources, which are not read yet.
func (o Options) Sources(ctx context.Context, env *cli.Env, output cli.Output) *Sources {
	return &Sources{Options: o, Env: env, Ctx: ctx, In: env.Input(), Output: output}
}

// Keys returns all keys, and reads them the first time. It does not wait while others are fetched.
func (k *Sources) Keys() ([]jwk.Key, error) {
	all := k.all.Load()
	if all == nil {
		all = k.load()
	}
	return all.list, all.err
}

func (k *Sources) load() *keys {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if all := k.all.Load(); all != nil {
		return all // another worker of the batch has read them
	}
	err := k.Each(func(s Source, err error) error {
		if err == nil {
			k.sources = append(k.sources, s)
		}
		return err
	})
	return k.gather(err)
}

// gather collects the keys of all sources, once for all tokens of a batch.
func (k *Sources) gather(err error) *keys {
	all := &keys{err: err}
	for _, s := range k.sources {
		all.list = append(all.list, s.Set.Keys...)
	}
	k.all.Store(all)
	return all
}

// Each reads the sources in order and passes them to do, whose error ends the loop. A
// source that failed is passed with its error.
func (k *Sources) Each(do func(s Source, err error) error) error {
	for _, source := range k.Options.Keys {
		s, err := k.Read(source)
		if s.Name == "" {
			s.Name = source
		}
		if err := do(s, err); err != nil {
			return err
		}
	}
	for _, source := range k.Options.Secrets {
		s, err := k.readSecret(source)
		if err := do(s, err); err != nil {
			return err
		}
	}
	return nil
}

// Usable reads all sources and fails if one has no usable key or an expired certificate.
// A key of a set that cannot be used is skipped with a note.
func (k *Sources) Usable() ([]Source, error) {
	var all []Source
	err := k.Each(func(s Source, err error) error {
		if err != nil {
			return err
		}
		if err := s.OutOfDate(k); err != nil {
			return err
		}
		for _, skipped := range s.Set.Skipped {
			k.Output.Note(k.Env, leftOut(s.Name, skipped))
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// Refetch fetches the remote sets again, for a token that none of the keys in seen verifies. It
// returns all keys, or nil if they are those in seen: no set is remote, or they are new already.
func (k *Sources) Refetch(seen []jwk.Key) ([]jwk.Key, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	all := k.all.Load()
	if len(seen) != len(all.list) || len(seen) > 0 && &seen[0] != &all.list[0] {
		return all.list, nil // another worker of the batch has fetched them
	}
	any := false
	for i, s := range k.sources {
		if !s.remote {
			continue
		}
		fetched, err := k.fetcher().Refresh(k.Ctx, s.fetched)
		if err != nil {
			return nil, err
		}
		if fetched.FromCache {
			continue
		}
		any = true
		if fetched.Set, err = fetched.Set.WithoutSecrets(); err != nil {
			return nil, InSource(s.Name, err)
		}
		k.sources[i].Set, k.sources[i].fetched = fetched.Set, fetched
	}
	if !any {
		return nil, nil
	}
	return k.gather(all.err).list, nil
}

// IssuersOf returns the issuers in whose discovered sets the key is.
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

// Texts returns the bytes of the key files.
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

// Instant returns the instant at which certificates must be valid.
func (k *Sources) Instant() time.Time {
	if k.At.IsZero() {
		return k.Env.Now()
	}
	return k.At
}

// passphrase returns a function that gets the passphrase of a key: from --passphrase or
// a prompt. It is nil if there is neither.
func (k *Sources) passphrase(name string) func() ([]byte, error) {
	if k.Options.Passphrase.Source != "" {
		return k.GivenPassphrase
	}
	if k.Env.Secret == nil || !k.Env.StderrTTY {
		return nil
	}
	return func() ([]byte, error) { return k.Env.Secret("Passphrase for " + name + ": ") }
}

// GivenPassphrase returns the passphrase of --passphrase, which is for all keys.
func (k *Sources) GivenPassphrase() (p []byte, err error) {
	if k.given == nil {
		k.given, err = k.Options.Passphrase.Read(k.In)
	}
	return k.given, err
}

// Ask asks for a password on the terminal.
func (k *Sources) Ask(prompt string) ([]byte, error) {
	if k.Env.Secret == nil {
		return nil, verdict.Errorf(verdict.Usage, "there is no terminal to ask for the password").
			Hintf("--password @FILE, env:NAME or fd:N")
	}
	b, err := k.Env.Secret(prompt)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "asking for the password: %w", err).
			Hintf("--password @FILE, env:NAME or fd:N")
	}
	return b, nil
}
