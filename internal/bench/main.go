// Command bench prints what the program costs as one table: each figure with its goal.
//
// Costs are ratios of process CPU time, user and system, against named programs that do the
// same work. Runs are interleaved and the result is the median ratio of the pairs, because the
// speed of a machine drifts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A bench is one run of the program.
type bench struct {
	jwt   string // the binary to measure
	self  string // this program, which runs the floors
	dir   string // for files, removed at the end
	runs  int    // pairs of starts
	table *table
}

// groups lists the parts of the table, in order. -run chooses one.
var groups = []struct {
	name    string
	measure func(*bench) error
}{
	{"start", (*bench).start},
	{"batch", (*bench).batch},
	{"scan", (*bench).scan},
	{"audit", (*bench).audit},
	{"serve", (*bench).serve},
	{"proxy", (*bench).proxy},
	{"web", (*bench).web},
}

func main() {
	jwt := flag.String("jwt", "bin/jwt", "the `BINARY` to measure")
	runs := flag.Int("n", 200, "pairs of starts")
	only := flag.String("run", "", "measure only this `GROUP` of figures: "+strings.Join(names(), ", "))
	floor := flag.String("floor", "", "run the bare work of that `NAME` and no benchmark")
	dir := flag.String("dir", "", "the `DIRECTORY` of its tokens")
	install := flag.Bool("install", false, "install the npm package to compare with, and measure nothing")
	flag.Parse()
	run := func() error { return measure(*jwt, *only, *runs) }
	switch {
	case *floor == bareProxy:
		run = func() error { return runBareProxy(*dir) }
	case *floor == measurePeak:
		run = func() error { return runPeak(flag.Args()) }
	case *floor != "":
		run = func() error { return runFloor(*floor, *dir) }
	case *install:
		run = func() error {
			_, err := installOIDCProvider(context.Background())
			return err
		}
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() []string {
	var all []string
	for _, g := range groups {
		all = append(all, g.name)
	}
	return all
}

// measure prints the table of one group, or of all if only is empty.
func measure(jwt, only string, runs int) error {
	if only != "" && !slices.Contains(names(), only) {
		return fmt.Errorf("-run: no figures %q, only %s", only, strings.Join(names(), ", "))
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// The binary is copied, because the linker's own file starts more slowly.
	installed := filepath.Join(dir, "jwt")
	if err := copyFile(jwt, installed); err != nil {
		return err
	}
	b := &bench{jwt: installed, self: self, dir: dir, runs: runs, table: &table{out: os.Stdout}}
	b.table.head()
	for _, g := range groups {
		if only != "" && g.name != only {
			continue
		}
		b.table.group(g.name)
		if err := g.measure(b); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	b.table.foot()
	return nil
}
