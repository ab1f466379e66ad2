package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// batchPairs is the number of pairs of runs. Each run does the work of thousands of starts.
const batchPairs = 7

// batch measures --batch against the bare operation, and against golang-jwt's parser in a loop
// over a bufio.Scanner. Every line of jwt is a whole report.
func (b *bench) batch() error {
	all := map[string]stream{}
	for _, kind := range streamKinds {
		s, err := kind.make(filepath.Join(b.dir, kind.name))
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		all[kind.name] = s
	}
	hs := all["HS256"]
	rows := []struct {
		what  string
		a, b  *exec.Cmd
		scale float64 // of the ratio of a to b, such as the tokens of b to those of a
		goal  goal
	}{
		{"golang-jwt's loop / verify HS256", b.floor("golang-jwt", hs), b.verify(hs), 1, atLeast(4)},
		{"bare RS256 / verify", b.floor("bare", all["RS256"]), b.verify(all["RS256"]), 1, atLeast(0.90)},
		{"bare PS256 / verify", b.floor("bare", all["PS256"]), b.verify(all["PS256"]), 1, atLeast(0.90)},
		{"bare ES256 / verify", b.floor("bare", all["ES256"]), b.verify(all["ES256"]), 1, atLeast(0.93)},
		{"bare EdDSA / verify", b.floor("bare", all["EdDSA"]), b.verify(all["EdDSA"]), 1, atLeast(0.93)},
		{"verify ML-DSA-65 / verify ES256, a token", b.verify(all["ML-DSA-65"]), b.verify(all["ES256"]), float64(all["ES256"].tokens) / float64(all["ML-DSA-65"].tokens), atMost(1)},
		{"verify HS256 of another key / golang-jwt's loop", b.verify(hs.forged()), b.floor("golang-jwt", hs.forged()), 1, atMost(1.5)},
		{"verify RS256 of another key / of the right key", b.verify(all["RS256"].forged()), b.verify(all["RS256"]), 1, atMost(2)},
		{"verify ES256 of another key / of the right key", b.verify(all["ES256"].forged()), b.verify(all["ES256"]), 1, atMost(2)},
		{"inspect HS256 / bare HMAC", b.command("inspect", all["few"]), b.floor("bare", all["few"]), 1, atMost(100)},
	}
	for _, row := range rows {
		r, err := pairs(batchPairs, row.a, row.b)
		if err != nil {
			return err
		}
		b.table.add(r.times(row.scale).figure(row.what, row.goal))
	}
	if err := b.jq(hs); err != nil {
		return err
	}
	for _, alg := range []string{"HS256", "RS256"} {
		if err := b.secondCore(all[alg]); err != nil {
			return err
		}
	}
	return b.memory(hs)
}

// command returns a command over the tokens of a stream, without keys.
func (b *bench) command(name string, s stream) *exec.Cmd {
	return exec.Command(b.jwt, name, "--batch", "@"+s.path("tokens"))
}

func (b *bench) verify(s stream) *exec.Cmd {
	key := []string{"--key", s.path("key")}
	if s.secret {
		key = []string{"--secret", "raw:" + s.path("key")}
	}
	return exec.Command(b.jwt, append([]string{"verify", "--aud", "api", "--batch", "@" + s.path("tokens")}, key...)...)
}

func (b *bench) floor(name string, s stream) *exec.Cmd {
	return exec.Command(b.self, "-floor", name+" "+s.alg, "-dir", s.dir)
}

// jq compares decode with jq, which reads the payloads decoded.
func (b *bench) jq(s stream) error {
	const what = "jq -c . of the payloads / decode"
	path, err := exec.LookPath("jq")
	if err != nil {
		b.table.skip(what, "jq is not installed (make bench-peers)")
		return nil
	}
	r, err := pairs(batchPairs, exec.Command(path, "-c", ".", s.path("payloads")), b.command("decode", s))
	if err != nil {
		return err
	}
	b.table.add(r.figure(what, atLeast(4)))
	return nil
}

// secondCore measures how much of what two bare loops gain from a second core verify gains.
func (b *bench) secondCore(s stream) error {
	one, two := withEnv(b.verify(s), "GOMAXPROCS=1"), withEnv(b.verify(s), "GOMAXPROCS=2")
	bare := withEnv(b.floor("bare", s), "GOMAXPROCS=1")
	var values []float64
	for range batchPairs {
		first, err := wall(one)
		if err != nil {
			return err
		}
		both, err := wall(two)
		if err != nil {
			return err
		}
		alone, err := wall(bare)
		if err != nil {
			return err
		}
		beside, err := wall(bare, bare)
		if err != nil {
			return err
		}
		gained, bareGain := float64(first)/float64(both), 2*float64(alone)/float64(beside)
		values = append(values, gained/bareGain)
	}
	b.table.add(sorted(values).figure("gain of verify "+s.alg+" from a second core / of two bare loops", atLeast(0.95)))
	return nil
}

// wall runs the commands at once and returns how long they took.
func wall(commands ...*exec.Cmd) (time.Duration, error) {
	begun := time.Now()
	errs := make([]error, len(commands))
	var group sync.WaitGroup
	for i, c := range commands {
		group.Go(func() { _, errs[i] = run(c) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}

// memory measures the memory of a long stream.
func (b *bench) memory(s stream) error {
	for _, row := range []struct {
		what string
		c    *exec.Cmd
		goal goal
	}{
		{"memory of decode", b.command("decode", s), atMost(16)},
		{"memory of verify", b.verify(s), atMost(16)},
		{"memory of inspect", b.command("inspect", s), atMost(32)},
	} {
		most, err := b.peak(row.c)
		if err != nil {
			return err
		}
		b.table.add(figure{what: row.what, value: float64(most) / (1 << 20), unit: "MiB", goal: row.goal, note: fmt.Sprintf("of %d tokens", s.tokens)})
	}
	return nil
}

// A stream is a folder with a file of tokens, one of their payloads and one of the key.
type stream struct {
	alg    string
	secret bool // the key is a secret
	dir    string
	tokens int
}

func (s stream) path(name string) string { return filepath.Join(s.dir, name) }

// forged returns the stream with the key of another issuer.
func (s stream) forged() stream {
	s.dir += ".forged"
	return s
}

// link makes the folder of the forged stream, which has the same tokens.
func (s stream) link(otherKey []byte) error {
	other := s.forged()
	if err := os.Mkdir(other.dir, 0o700); err != nil {
		return err
	}
	if err := os.Link(s.path("tokens"), other.path("tokens")); err != nil {
		return err
	}
	return os.WriteFile(other.path("key"), otherKey, 0o600)
}
