package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tokenBudget is the maximum cost of printing the token of a fresh session, relative to
// `jwt --version`: the command only reads a file.
const tokenBudget = 1.2

// benchToken prints the cost of `jwt session token` while no refresh is needed.
func benchToken(jwt, dir string, runs int) error {
	server := exec.Command(jwt, "session", "serve", "--listen", "127.0.0.1:0", "--store", "memory", "--user", "bench:bench", "--access-ttl", "1h", "--quiet")
	line, err := firstLine(server)
	if err != nil {
		return err
	}
	defer func() {
		server.Process.Kill()
		server.Wait()
	}()
	environ := append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "PASSWORD=bench")
	login := exec.Command(jwt, "session", "login", strings.TrimPrefix(line, "listening on "), "--user", "bench", "--password-env", "PASSWORD", "--store", "file")
	login.Env = environ
	if out, err := login.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", login, err, out)
	}
	token := exec.Command(jwt, "session", "token")
	token.Env = environ
	ratios, err := pairs(runs, token, exec.Command(jwt, "--version"))
	if err != nil {
		return err
	}
	fmt.Println("process CPU against jwt --version")
	fmt.Printf("  %-18s %.2f × (%.2f–%.2f), budget %.1f\n", "jwt session token", quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75), tokenBudget)
	return nil
}
