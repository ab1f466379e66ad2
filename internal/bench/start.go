package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const hello = `package main

import "fmt"

func main() { fmt.Println("hello world") }
`

// linked is a program that does nothing and links what jwt cannot do without.
const linked = `package main

import (
	_ "net/http"

	_ "github.com/golang-jwt/jwt/v5"
	_ "github.com/redis/rueidis"
	_ "github.com/spf13/cobra"
)

func main() {}
`

// token is the example of RFC 7519 §3.1.
const token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// start measures the cost of a start.
func (b *bench) start() error {
	nothing, err := build(b.dir, "linked", linked)
	if err != nil {
		return err
	}
	world, err := build(b.dir, "hello", hello)
	if err != nil {
		return err
	}
	version := []string{"--version"}
	for _, row := range []struct {
		what string
		args []string
		than string
		goal goal
	}{
		{"--version / an empty program with the same libraries", version, nothing, atMost(1.10)},
		{"--version / a Go hello world", version, world, atMost(1.5)},
		{"decode TOKEN / a Go hello world", []string{"decode", token}, world, atMost(1.8)},
	} {
		r, err := pairs(b.runs, exec.Command(b.jwt, row.args...), exec.Command(row.than))
		if err != nil {
			return err
		}
		b.table.add(r.figure(row.what, row.goal))
	}
	return b.sessionToken()
}

// sessionToken measures the cost of `jwt session token` while no refresh is needed.
func (b *bench) sessionToken() error {
	server := exec.Command(b.jwt, "session", "serve", "--listen", "127.0.0.1:0", "--store", "memory", "--user", "bench:bench", "--access-ttl", "1h", "--quiet")
	line, err := firstLine(server)
	if err != nil {
		return err
	}
	defer func() {
		server.Process.Kill()
		server.Wait()
	}()
	state := []string{"XDG_STATE_HOME=" + filepath.Join(b.dir, "state"), "PASSWORD=bench"}
	login := withEnv(exec.Command(b.jwt, "session", "login", strings.TrimPrefix(line, "listening on "), "--user", "bench", "--password-env", "PASSWORD", "--store", "file"), state...)
	if out, err := login.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", login, err, out)
	}
	r, err := pairs(b.runs, withEnv(exec.Command(b.jwt, "session", "token"), state...), exec.Command(b.jwt, "--version"))
	if err != nil {
		return err
	}
	b.table.add(r.figure("session token / --version", atMost(1.2)))
	return nil
}

// build compiles a program as jwt is, with the modules of jwt. It returns a copy, because the
// linker's own file starts more slowly.
func build(dir, name, source string) (string, error) {
	file, built, copied := filepath.Join(dir, name+".go"), filepath.Join(dir, name+".built"), filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		return "", err
	}
	c := withEnv(exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", built, file), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return copied, copyFile(built, copied)
}
