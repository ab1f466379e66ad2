package keysource

import (
	"slices"
	"time"

	"jwt/internal/diagnose"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// Warnings returns the warnings about all sources and about the keys, those that a token
// may be signed with.
func (k *Sources) Warnings(keys ...jwk.Key) []verdict.Check {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var all []verdict.Check
	for _, key := range keys {
		all = append(all, key.Warnings(k.Instant())...)
	}
	for _, s := range k.sources {
		all = append(all, s.warnings()...)
	}
	return all
}

// NoteWarnings writes these warnings as notes, except those that were written when the keys were read.
func (k *Sources) NoteWarnings(keys ...jwk.Key) {
	for _, w := range k.Warnings(keys...) {
		if w.Status == verdict.Warn && w.Class != verdict.SecretInArgv {
			k.Output.Note(k.Env, w.Detail)
		}
	}
}

// warnings returns the warnings about how keys are given and how old they are.
func (s Source) warnings() []verdict.Check {
	switch {
	case s.literal:
		return []verdict.Check{{
			Name: "secret", Status: verdict.Warn, Class: verdict.SecretInArgv,
			Detail: "the secret on the command line is visible to ps and in the shell's history",
		}}
	case s.fetched.Stale:
		return append(s.Exposure(), s.staleness())
	default:
		return s.Exposure()
	}
}

// Exposure returns a warning if others can read a private key of the source: everybody who
// can fetch it, or other users of this machine.
func (s Source) Exposure() []verdict.Check {
	if s.remote && slices.ContainsFunc(s.Set.Keys, jwk.Key.IsPrivate) {
		return []verdict.Check{{
			Name: "key_set", Status: verdict.Warn, Class: verdict.WeakKey,
			Detail: s.Name + ": the key set publishes a private key: everybody who fetches it can sign",
			Hint:   "the issuer must replace the key and publish its public half: jwt key public",
		}}
	}
	if s.Mode&0o077 == 0 || !slices.ContainsFunc(s.Set.Keys, jwk.Key.IsPrivate) {
		return nil
	}
	return []verdict.Check{{
		Name: "key_file", Status: verdict.Warn, Class: verdict.KeyFilePermissions,
		Expected: "0600", Actual: s.Mode.String(),
		Detail: s.Name + ": other users can read this private key",
		Hint:   "chmod 600 " + s.Name,
	}}
}

// staleness says how old the copy of a key set is that --offline uses. The check has no
// class, so that --strict does not refuse it: --offline allows an old copy.
func (s Source) staleness() verdict.Check {
	checked, expires := s.fetched.Checked.UTC().Format(time.RFC3339), s.fetched.Expires.UTC().Format(time.RFC3339)
	return verdict.Check{
		Name: "key_set", Status: verdict.Skip, Expected: expires, Actual: checked,
		Detail: s.Name + ": offline, the copy of " + checked + " was valid until " + expires + ": keys may have been revoked",
	}
}

// Explain replaces the error of a kid that was not found, if a set has a key with this
// kid that cannot be used.
func (k *Sources) Explain(err error, kid string) error {
	if verdict.ClassOf(err) != verdict.KeyNotFound {
		return err
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, s := range k.sources {
		if why := s.Set.Unusable(kid); why != nil {
			return InSource(s.Name, why)
		}
	}
	return err
}

// LeftOut returns a key that cannot be used as a reason why a token does not verify, because
// it may be the key that signed: of those that the token's kid may name, the first one of the
// kind that its algorithm needs, or else the first.
func (k *Sources) LeftOut(token jws.Token) []diagnose.Cause {
	kid, named, err := token.KeyID()
	if err != nil {
		return nil
	}
	name, _ := token.Header.Text("alg")
	alg, _ := jwa.Lookup(name)
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var first []diagnose.Cause
	for _, s := range k.sources {
		if s.named != "" {
			return []diagnose.Cause{{ID: "secret_is_name", Detail: "the secret given is also the name of a " + s.named, Hint: s.spelled}}
		}
		for _, skipped := range s.Set.Skipped {
			if named && skipped.ID != kid {
				continue
			}
			cause := []diagnose.Cause{{ID: "key_left_out", Detail: leftOut(s.Name, skipped)}}
			if skipped.Type == alg.KeyType {
				return cause
			}
			if first == nil {
				first = cause
			}
		}
	}
	return first
}
