package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// A cost is what one run of a program took.
type cost struct {
	cpu    time.Duration // user and system
	wall   time.Duration
	memory int64 // the most that was resident, in bytes
}

// run runs a program to its end. A program that answers no, with a status of 3 to 7, did its
// work too.
func run(c *exec.Cmd) (cost, error) {
	again := exec.Command(c.Path, c.Args[1:]...)
	var stderr bytes.Buffer
	again.Env, again.Dir, again.Stderr = c.Env, c.Dir, &stderr
	begun := time.Now()
	err := again.Run()
	wall := time.Since(begun)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 3 && exit.ExitCode() <= 7 {
		err = nil
	}
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w: %s", c, err, stderr.Bytes())
	}
	state := again.ProcessState
	spent := cost{cpu: state.UserTime() + state.SystemTime(), wall: wall}
	spent.memory = peakMemory(state)
	return spent, nil
}

func (c cost) cpuTime() time.Duration  { return c.cpu }
func (c cost) wallTime() time.Duration { return c.wall }

// pairs runs a and b in turn and returns the ratios of their CPU time.
func pairs(n int, a, b *exec.Cmd) (ratios, error) { return pairsOf(n, a, b, cost.cpuTime) }

// pairsOf is pairs for any time.
func pairsOf(n int, a, b *exec.Cmd, of func(cost) time.Duration) (ratios, error) {
	values := make([]float64, 0, n)
	for i := range n + 1 {
		ca, err := run(a)
		if err != nil {
			return nil, err
		}
		cb, err := run(b)
		if err != nil {
			return nil, err
		}
		if i > 0 { // the first pair warms the page cache
			values = append(values, float64(of(ca))/float64(of(cb)))
		}
	}
	return sorted(values), nil
}

// withEnv returns the command with more variables in its environment.
func withEnv(c *exec.Cmd, variables ...string) *exec.Cmd {
	c.Env = append(os.Environ(), variables...)
	return c
}

// copyFile copies in pieces: what this process has resident counts for those that it starts.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
