package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	logBytes   = 1 << 30
	tokenEvery = 100 // lines of the log
	scanPairs  = 5
	words      = 2_000_000
)

// tokenPattern is what a user of ripgrep types.
const tokenPattern = `eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`

// scan measures scan against ripgrep, which finds the same tokens and decodes none, and against
// both of them in a pipe.
func (b *bench) scan() error {
	path := filepath.Join(b.dir, "app.log")
	if err := writeLog(path); err != nil {
		return err
	}
	defer os.Remove(path)
	scan := exec.Command(b.jwt, "scan", "-o", "json", path)
	most, err := b.peak(scan)
	if err != nil {
		return err
	}
	b.table.add(figure{what: "memory of scan", value: float64(most) / (1 << 20), unit: "MiB", goal: atMost(32), note: fmt.Sprintf("of a log of %d MiB", logBytes>>20)})
	rg, err := exec.LookPath("rg")
	if err != nil {
		b.table.skip("rg -o / scan", "ripgrep is not installed (make bench-peers)")
		return nil
	}
	grep := exec.Command(rg, "-o", tokenPattern, path)
	pipe := exec.Command("sh", "-c", `"$0" -o "$1" "$2" | "$3" decode --batch`, rg, tokenPattern, path, b.jwt)
	for _, row := range []struct {
		what string
		than *exec.Cmd
		of   func(cost) time.Duration
		goal goal
	}{
		{"rg -o / scan with places and claims, wall time", grep, cost.wallTime, atLeast(1.9)},
		{"rg -o / scan with places and claims", grep, cost.cpuTime, atLeast(1.1)},
		{"rg -o | jwt decode --batch / scan, wall time", pipe, cost.wallTime, atLeast(3)},
		{"rg -o | jwt decode --batch / scan", pipe, cost.cpuTime, goal{}},
	} {
		r, err := pairsOf(scanPairs, row.than, scan, row.of)
		if err != nil {
			return err
		}
		b.table.add(r.figure(row.what, row.goal))
	}
	return nil
}

// writeLog writes the log of a web server.
func writeLog(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i, n := 0, 0; n < logBytes; i++ {
		line := fmt.Sprintf("2026-11-28T12:%02d:%02d.%03dZ INFO [http-nio-8080-exec-%d] com.example.api.UserController - request handled path=/api/v1/users status=%d duration=%dms requestId=%08x-%04x-%04x ip=10.0.%d.%d",
			r.IntN(60), r.IntN(60), r.IntN(1000), r.IntN(20), 200+r.IntN(300), r.IntN(900), r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(256), r.IntN(256))
		if i%tokenEvery == tokenEvery/2 {
			line += " Authorization: Bearer " + logToken(i)
		}
		written, err := fmt.Fprintln(w, line)
		if err != nil {
			return err
		}
		n += written
	}
	return w.Flush()
}

// logToken returns a token of the size that access tokens have.
func logToken(i int) string {
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Appendf(nil, `{"iss":"https://login.example","sub":"user-%d","aud":"api","scope":"read write profile","exp":%d,"iat":1700000000,"jti":"%x"}`, i, 1_700_003_600+i, i)
	signature := sha256.Sum256(claims)
	return encode([]byte(`{"alg":"HS256","typ":"JWT","kid":"2026-01"}`)) + "." + encode(claims) + "." + encode(signature[:])
}

// audit measures guesses against hashcat on the processor, without the start of either, and
// against the compressions that an HMAC cannot do without.
func (b *bench) audit() error {
	dir := filepath.Join(b.dir, "audit")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	list, few, token := filepath.Join(dir, "tokens"), filepath.Join(dir, "few"), filepath.Join(dir, "token")
	for path, text := range map[string]string{token: logToken(1), few: "word\n", filepath.Join(dir, "key"): "unused"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := writeWords(list); err != nil {
		return err
	}
	audit := func(words string) *exec.Cmd {
		return exec.Command(b.jwt, "audit", "-q", "@"+token, "--wordlist", words)
	}
	own, err := withoutStart(audit(list), audit(few))
	if err != nil {
		return err
	}
	floor, err := withoutStart(exec.Command(b.self, "-floor", "compressions HS256", "-dir", dir), exec.Command(b.jwt, "--version"))
	if err != nil {
		return err
	}
	b.table.add(figure{what: "compressions / audit", value: float64(floor) / float64(own), unit: "×", goal: atLeast(0.5), note: fmt.Sprintf("%d ns a word", own.Nanoseconds()/words)})
	path, err := exec.LookPath("hashcat")
	if err != nil {
		b.table.skip("hashcat / audit", "hashcat is not installed (make bench-peers)")
		return nil
	}
	hashcat := func(words string) *exec.Cmd {
		// The status of a list that is exhausted is 1.
		c := exec.Command("sh", "-c", `"$@"; test $? = 1`, "sh", path, "-m", "16500", "-a", "0", "-D", "1", "--force", "--potfile-disable", "--session", filepath.Base(b.dir), token, words)
		return withEnv(c, "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CACHE_HOME="+dir)
	}
	if _, err := run(hashcat(few)); err != nil { // it compiles its kernels
		b.table.skip("hashcat / audit", err.Error())
		return nil
	}
	other, err := withoutStart(hashcat(list), hashcat(few))
	if err != nil {
		return err
	}
	b.table.add(figure{what: "hashcat on the processor / audit", value: float64(other) / float64(own), unit: "×", goal: atLeast(3)})
	return nil
}

// withoutStart returns the CPU time of a program without that of its start.
func withoutStart(whole, start *exec.Cmd) (time.Duration, error) {
	var spent []time.Duration
	for range 3 {
		a, err := run(whole)
		if err != nil {
			return 0, err
		}
		b, err := run(start)
		if err != nil {
			return 0, err
		}
		spent = append(spent, a.cpu-b.cpu)
	}
	return min(spent[0], spent[1], spent[2]), nil
}

func writeWords(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	r := rand.New(rand.NewPCG(3, 4))
	for range words {
		fmt.Fprintf(w, "%0*x\n", 6+r.IntN(7), r.Uint64()>>28)
	}
	return w.Flush()
}
