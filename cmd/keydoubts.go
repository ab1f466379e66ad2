package cmd

import (
	"slices"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// doubts returns the warnings about the sources of the keys, and about those of
// the keys that came into question, wherever they are from.
func (k *keyring) doubts(keys ...jwk.Key) []verdict.Check {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var doubts []verdict.Check
	for _, key := range keys {
		doubts = append(doubts, key.Warnings(k.instant())...)
	}
	for _, s := range k.sources {
		doubts = append(doubts, s.doubts()...)
	}
	return doubts
}

// doubts are about how the keys were given, and how old they are.
func (s keySource) doubts() []verdict.Check {
	switch {
	case s.literal:
		return []verdict.Check{{
			Name: "secret", Status: verdict.Warn, Class: verdict.SecretInArgv,
			Detail: "the secret on the command line is visible to ps and in the shell's history",
		}}
	case s.fetched.Stale:
		return []verdict.Check{s.staleness()}
	default:
		return s.permissions()
	}
}

// permissions warns of a private key that others may read.
func (s keySource) permissions() []verdict.Check {
	if s.mode&0o077 == 0 || !slices.ContainsFunc(s.set.Keys, jwk.Key.IsPrivate) {
		return nil
	}
	return []verdict.Check{{
		Name: "key_file", Status: verdict.Warn, Class: verdict.KeyFilePermissions,
		Expected: "0600", Actual: s.mode.String(),
		Detail: s.name + ": others may read this private key",
		Hint:   "chmod 600 " + s.name,
	}}
}

// staleness says how old a key set is that nobody was asked about (--offline). No
// class stands for it: who says --offline says that it may be so, with --strict too.
func (s keySource) staleness() verdict.Check {
	checked, expires := s.fetched.Checked.UTC().Format(time.RFC3339), s.fetched.Expires.UTC().Format(time.RFC3339)
	return verdict.Check{
		Name: "key_set", Status: verdict.Skip, Expected: expires, Actual: checked,
		Detail: s.name + ": offline, the copy of " + checked + " was good until " + expires + ": keys may have been revoked",
	}
}
