package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// maxPipe bounds what a command may answer.
const maxPipe = 64 << 10

// Pipe runs a command line in the shell with input on its stdin, and returns what it writes to
// stdout. Its messages go to stderr.
func Pipe(ctx context.Context, commandLine string, input []byte, stderr io.Writer) ([]byte, error) {
	c := shell(ctx, commandLine)
	out := &bounded{most: maxPipe}
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), out, stderr
	err := c.Run()
	switch {
	case out.full:
		return nil, errors.New("the answer is too long")
	case err != nil:
		return nil, err
	}
	return out.b.Bytes(), nil
}

// A bounded buffer fails on the first byte beyond its bound.
type bounded struct {
	b    bytes.Buffer
	most int
	full bool
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > w.most {
		w.full = true
		return 0, io.ErrShortWrite
	}
	return w.b.Write(p)
}
