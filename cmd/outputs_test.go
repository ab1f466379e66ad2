package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
)

// outputsVariable names a directory. Programs that tests start write their outputs there, to be
// held against the schemas.
const outputsVariable = "JWT_TEST_OUTPUTS"

// mostOutput bounds the output of one program that is kept.
const mostOutput = 4 << 20

// A kept output is what one program wrote to stdout.
type keptOutput struct {
	Args   []string
	Stdout []byte
}

// A keeper passes an output on and keeps it.
type keeper struct {
	io.Writer
	mu   sync.Mutex
	kept bytes.Buffer
}

func (k *keeper) Write(b []byte) (int, error) {
	n, err := k.Writer.Write(b)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept.Len() <= mostOutput {
		k.kept.Write(b[:n])
	}
	return n, err
}

// runKept runs the program and keeps its output in the directory.
func runKept(dir string, args []string) int {
	env := processEnv()
	k := &keeper{Writer: env.Stdout}
	env.Stdout = k
	status := Run(context.Background(), env, args)
	k.mu.Lock()
	defer k.mu.Unlock()
	keepOutput(dir, args, k.kept.Bytes())
	return status
}

// keepOutput writes the output to a file of its own. Its failure changes nothing for the script: some
// bound the sizes of files.
func keepOutput(dir string, args []string, stdout []byte) {
	text, err := json.Marshal(keptOutput{args, stdout})
	if err != nil || len(stdout) > mostOutput {
		return
	}
	if f, err := os.CreateTemp(dir, "*.json"); err == nil {
		f.Write(text)
		f.Close()
	}
}
