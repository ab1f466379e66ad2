package main

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"time"
)

// web measures the time from the start of jwt web to its page in the client, next to a start that only
// prints the version, and the size of the page.
func (b *bench) web() error {
	n := max(b.runs/4, 1)
	var took, ratio []float64
	size := 0
	for i := range n + 1 {
		page, spent, err := b.page()
		if err != nil {
			return err
		}
		version, err := run(exec.Command(b.jwt, "--version"))
		if err != nil {
			return err
		}
		if i > 0 { // the first pair warms the page cache
			took = append(took, float64(spent)/float64(time.Millisecond))
			ratio = append(ratio, float64(spent)/float64(version.wall))
		}
		size = page
	}
	b.table.add(sorted(ratio).figure("web, from its start to the page / --version (time)", atMost(2)))
	b.table.add(figure{what: "web, from its start to the page", value: sorted(took).median(), unit: "ms", goal: atMost(100)})
	b.table.add(figure{what: "web, the page", value: float64(size) / 1000, unit: "KB", goal: atMost(60)})
	return nil
}

// page starts the program and gets its page. It returns the size of the page and the time until its
// last byte.
func (b *bench) page() (size int, took time.Duration, err error) {
	c := exec.Command(b.jwt, "web", "--no-browser", "--quiet")
	began := time.Now()
	address, err := firstLine(c)
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		c.Process.Kill()
		c.Wait()
	}()
	r, err := http.Get(address)
	if err != nil {
		return 0, 0, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, r.Status)
	}
	return len(text), time.Since(began), err
}
