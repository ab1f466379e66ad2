package token

import (
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jws"
)

// readPayload reads the payload that is beside a token, byte for byte.
func readPayload(in *input.Reader, source string) ([]byte, error) {
	s, err := in.Bytes(source, "the payload", jws.MaxTokenBytes)
	if err != nil {
		return nil, cli.FlagError("payload-file", err)
	}
	return s.Data, nil
}
