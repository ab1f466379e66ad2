package cmd

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// A token of the usual size of an access token, signed with the secret below.
const (
	benchToken  = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWIiOiJhbGljZSIsImF1ZCI6ImFwaSIsImV4cCI6MTk5OTk5OTk5OSwic2NvcGUiOiJyZWFkIHdyaXRlIiwianRpIjoiNTEyNGJjZGMtN2NlZC00NjA1LWFmMWUtMzlmMTJjYzA4Y2JjIiwiaWF0IjoxNzAwMDAwMDAwfQ.EnT2qcpNS1TTfK_-al3ymVsj7AehYzKRZhIHjYR3Bxc"
	benchSecret = "hex:6d79736563726574206f66203332206279746573206f72206d6f72652e2e2e2e2e"
)

func benchmarkBatch(b *testing.B, args ...string) {
	lines := strings.Repeat(benchToken+"\n", b.N)
	env := &cli.Env{
		Stdin: strings.NewReader(lines), Stdout: io.Discard, Stderr: io.Discard,
		LookupEnv: func(string) (string, bool) { return "", false },
		Now:       func() time.Time { return time.Unix(1700000000, 0) },
		HTTP:      &http.Client{Transport: noNetwork{nil}},
	}
	b.SetBytes(int64(len(benchToken) + 1))
	b.ReportAllocs()
	b.ResetTimer()
	if status := Run(context.Background(), env, args); status != verdict.ExitOK {
		b.Fatalf("exit %d", status)
	}
}

func BenchmarkBatchDecode(b *testing.B) { benchmarkBatch(b, "decode", "--batch") }

func BenchmarkBatchVerify(b *testing.B) {
	benchmarkBatch(b, "verify", "--batch", "-S", benchSecret, "--aud", "api")
}
