// Command bench prints the cost of a start and of a batch, and the number of refreshes
// per second of the local server next to those of another server.
//
// Costs are ratios of process CPU time: of a start to a Go "hello world" built the same
// way, of a batch to the minimum work. Runs are interleaved and the result is the median
// ratio of the pairs, because the speed of a machine drifts.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const hello = `package main

import "fmt"

func main() { fmt.Println("hello world") }
`

// token is the example of RFC 7519 §3.1.
const token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func main() {
	jwt := flag.String("jwt", "bin/jwt", "the `BINARY` to measure")
	runs := flag.Int("n", 200, "pairs of runs")
	floor := flag.String("floor", "", "run the bare work of that `NAME` and no benchmark")
	dir := flag.String("dir", "", "the `DIRECTORY` of its tokens")
	flag.Parse()
	run := func() error { return bench(*jwt, *runs) }
	if *floor != "" {
		run = func() error { return runFloor(*floor, *dir) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(jwt string, runs int) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	floor, err := buildHello(dir)
	if err != nil {
		return err
	}
	// The binary is copied, because the linker's own file starts more slowly.
	installed := filepath.Join(dir, "jwt")
	if err := copyFile(jwt, installed); err != nil {
		return err
	}
	fmt.Printf("process CPU against a Go hello world, median of %d pairs (1st–3rd quartile)\n", runs)
	for _, c := range []struct {
		name   string
		budget float64
		args   []string
	}{
		{"jwt --version", 1.5, []string{"--version"}},
		{"jwt decode TOKEN", 1.8, []string{"decode", token}},
	} {
		ratios, err := pairs(runs, exec.Command(installed, c.args...), exec.Command(floor))
		if err != nil {
			return err
		}
		fmt.Printf("  %-18s %.2f × (%.2f–%.2f), budget %.1f\n", c.name, quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75), c.budget)
	}
	if err := benchToken(installed, dir, runs); err != nil {
		return err
	}
	if err := benchBulk(installed, dir); err != nil {
		return err
	}
	return benchRefresh(installed, dir)
}

func buildHello(dir string) (string, error) {
	source := filepath.Join(dir, "hello.go")
	if err := os.WriteFile(source, []byte(hello), 0o600); err != nil {
		return "", err
	}
	built, copied := filepath.Join(dir, "hello.built"), filepath.Join(dir, "hello")
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", built, source)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return copied, copyFile(built, copied)
}

// pairs runs a and b in turn and returns the ratios of their CPU time.
func pairs(n int, a, b *exec.Cmd) ([]float64, error) {
	ratios := make([]float64, 0, n)
	for i := range n + 1 {
		ta, err := cpu(a)
		if err != nil {
			return nil, err
		}
		tb, err := cpu(b)
		if err != nil {
			return nil, err
		}
		if i > 0 { // the first pair warms the page cache
			ratios = append(ratios, float64(ta)/float64(tb))
		}
	}
	slices.Sort(ratios)
	return ratios, nil
}

func cpu(c *exec.Cmd) (time.Duration, error) {
	run := exec.Command(c.Path, c.Args[1:]...)
	var stderr bytes.Buffer
	run.Env, run.Stderr = c.Env, &stderr
	if err := run.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", c, err, stderr.Bytes())
	}
	return run.ProcessState.UserTime() + run.ProcessState.SystemTime(), nil
}

func quantile[T any](sorted []T, q float64) T {
	return sorted[int(q*float64(len(sorted)-1))]
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o700)
}
