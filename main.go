// Command jwt decodes, verifies, signs and inspects JSON Web Tokens.
package main

import (
	"os"

	"jwt/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:])) }
