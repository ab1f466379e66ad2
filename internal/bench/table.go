package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// A table prints figures, each with its goal.
type table struct {
	out    io.Writer
	missed int
}

// A goal is the bound that a figure must keep. The zero goal is met by any figure.
type goal struct {
	sign  string
	bound float64
}

func atMost(bound float64) goal  { return goal{"≤", bound} }
func atLeast(bound float64) goal { return goal{"≥", bound} }

func (g goal) met(value float64) bool {
	return g.sign == "" || g.sign == "≤" && value <= g.bound || g.sign == "≥" && value >= g.bound
}

func (g goal) String() string {
	if g.sign == "" {
		return "-"
	}
	return g.sign + " " + strconv.FormatFloat(g.bound, 'f', -1, 64)
}

// A figure is one row of the table.
type figure struct {
	what  string
	value float64
	unit  string // ×, µs, MiB, /s
	goal  goal
	note  string
}

// head prints the machine and how busy it is.
func (t *table) head() {
	fmt.Fprintf(t.out, "%s/%s, %d cores; %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), loadAverage())
	fmt.Fprintln(t.out, "CPU time is user and system time; a ratio is the median of interleaved runs (and its quartiles)")
	t.line("figure", "measured", "goal", "")
}

// loadAverage says how busy the machine was in the last minute.
func loadAverage() string {
	const quiet = 0.3 // of one core
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "load average unknown"
	}
	average, _, _ := strings.Cut(string(b), " ")
	if busy, err := strconv.ParseFloat(average, 64); err != nil || busy > quiet {
		return "load average " + average + ": not quiet, so the figures vary"
	}
	return "load average " + average + ": quiet"
}

func (t *table) group(name string) { fmt.Fprintf(t.out, "%s\n", name) }

func (t *table) add(f figure) {
	note := f.note
	if !f.goal.met(f.value) {
		t.missed++
		note = strings.TrimPrefix(note+"; missed", "; ")
	}
	digits := 2
	if f.value >= 100 {
		digits = 0
	}
	t.line(f.what, strconv.FormatFloat(f.value, 'f', digits, 64)+" "+f.unit, f.goal.String(), note)
}

// skip prints a row for a figure that needs a missing program.
func (t *table) skip(what, why string) { t.line(what, "-", "-", "skipped: "+why) }

func (t *table) line(what, value, goal, note string) {
	fmt.Fprintln(t.out, strings.TrimRight(fmt.Sprintf("  %-58s %10s  %-8s %s", what, value, goal, note), " "))
}

func (t *table) foot() {
	switch t.missed {
	case 0:
		fmt.Fprintln(t.out, "every goal was met")
	case 1:
		fmt.Fprintln(t.out, "1 goal was missed")
	default:
		fmt.Fprintf(t.out, "%d goals were missed\n", t.missed)
	}
}

// ratios are those of the pairs of two programs, sorted.
type ratios []float64

// figure returns the row for the median of the ratios.
func (r ratios) figure(what string, g goal) figure {
	note := fmt.Sprintf("(%.2f–%.2f)", r.quantile(0.25), r.quantile(0.75))
	return figure{what: what, value: r.median(), unit: "×", goal: g, note: note}
}

func (r ratios) median() float64 { return r.quantile(0.5) }

func (r ratios) quantile(q float64) float64 { return quantile(r, q) }

func quantile[T any](sorted []T, q float64) T { return sorted[int(q*float64(len(sorted)-1))] }

func sorted(values []float64) ratios {
	slices.Sort(values)
	return values
}

// times returns the ratios multiplied by a factor.
func (r ratios) times(factor float64) ratios {
	scaled := make(ratios, len(r))
	for i, v := range r {
		scaled[i] = v * factor
	}
	return scaled
}
