package qr

import (
	"strings"
	"testing"
)

// TestLines compares a code with one that a reader (npm's jsQR 1.4) has read.
func TestLines(t *testing.T) {
	got := strings.Join(Lines("https://a.example/d?c=WDJB"), "\n")
	if want := strings.TrimSpace(readable); got != want {
		t.Errorf("got\n%s", got)
	}
	if lines := Lines(strings.Repeat("x", 3000)); lines != nil {
		t.Errorf("a text that fits no code gives %d lines", len(lines))
	}
}

const readable = `
█████████████████████████████
██ ▄▄▄▄▄ ██▀▄██▄   █ ▄▄▄▄▄ ██
██ █   █ █▄▀█▄▀█▀▀██ █   █ ██
██ █▄▄▄█ ██▄▀▀ ▀  ██ █▄▄▄█ ██
██▄▄▄▄▄▄▄█ █▄▀▄▀▄▀ █▄▄▄▄▄▄▄██
██   ▀ ▄▄▄ ▀█▀ ▄ ▄   ▀██▄█▀██
██  ▄▀  ▄ ▀▀ ▄  ▀▀▄ ▀ ▄█▄ ▄██
███▄▄  ▀▄▀▀▀  ▄ ██▀  ██ █▄ ██
██▄▀█▄▀█▄█▄▀ █▄  ▀▀▄▄▄▀█▄ ▄██
██▄█▄▄▄█▄▄ ▄▄▀ ▄   ▄▄▄  █▀▀██
██ ▄▄▄▄▄ █ █▀█▄▀▀▄ █▄█  █  ██
██ █   █ █▄▄   ▀▀█▄▄▄   ▀████
██ █▄▄▄█ █ ▄ ▀  ▀▀  ▀█ ▀█▀▄██
██▄▄▄▄▄▄▄█▄▄██▄██▄▄█▄▄███▄▄██
█████████████████████████████
`
