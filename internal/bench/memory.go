package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// measurePeak is the "floor" that runs a command and prints its peak memory.
const measurePeak = "peak"

// peak returns the most memory of a command that was resident, in bytes. A small process starts it,
// because the peak of a process includes that of its parent at the start, and this one has grown.
func (b *bench) peak(c *exec.Cmd) (int64, error) {
	var memory int64
	out, err := exec.Command(b.self, append([]string{"-floor", measurePeak, "--", c.Path}, c.Args[1:]...)...).Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c, err)
	}
	_, err = fmt.Sscan(strings.TrimSpace(string(out)), &memory)
	return memory, err
}

func runPeak(command []string) error {
	spent, err := run(exec.Command(command[0], command[1:]...))
	if err == nil {
		fmt.Println(spent.memory)
	}
	return err
}
