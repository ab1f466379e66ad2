package keysource

import (
	"slices"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// Warnings returns the warnings about the sources of the keys, and about those of
// the keys that came into question, wherever they are from.
func (k *Sources) Warnings(keys ...jwk.Key) []verdict.Check {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var doubts []verdict.Check
	for _, key := range keys {
		doubts = append(doubts, key.Warnings(k.Instant())...)
	}
	for _, s := range k.sources {
		doubts = append(doubts, s.warnings()...)
	}
	return doubts
}

// warnings are about how the keys were given, and how old they are.
func (s Source) warnings() []verdict.Check {
	switch {
	case s.literal:
		return []verdict.Check{{
			Name: "secret", Status: verdict.Warn, Class: verdict.SecretInArgv,
			Detail: "the secret on the command line is visible to ps and in the shell's history",
		}}
	case s.fetched.Stale:
		return []verdict.Check{s.staleness()}
	default:
		return s.Permissions()
	}
}

// Permissions warns of a private key that others may read.
func (s Source) Permissions() []verdict.Check {
	if s.Mode&0o077 == 0 || !slices.ContainsFunc(s.Set.Keys, jwk.Key.IsPrivate) {
		return nil
	}
	return []verdict.Check{{
		Name: "key_file", Status: verdict.Warn, Class: verdict.KeyFilePermissions,
		Expected: "0600", Actual: s.Mode.String(),
		Detail: s.Name + ": others may read this private key",
		Hint:   "chmod 600 " + s.Name,
	}}
}

// staleness says how old a key set is that nobody was asked about (--offline). No
// class stands for it: who says --offline says that it may be so, with --strict too.
func (s Source) staleness() verdict.Check {
	checked, expires := s.fetched.Checked.UTC().Format(time.RFC3339), s.fetched.Expires.UTC().Format(time.RFC3339)
	return verdict.Check{
		Name: "key_set", Status: verdict.Skip, Expected: expires, Actual: checked,
		Detail: s.Name + ": offline, the copy of " + checked + " was good until " + expires + ": keys may have been revoked",
	}
}
