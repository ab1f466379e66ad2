package cmd

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
)

// pictureFile is the picture of the terminal in the README.
const pictureFile = "../testdata/terminal.svg"

// TestPicture draws what the program prints on a coloured terminal and compares
// it with the picture of the README. JWT_UPDATE=1 rewrites it.
func TestPicture(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWIiOiJhbGljZSIsImF1ZCI6ImFwaSIsImlhdCI6MTc2ODQ3NTcwMCwiZXhwIjoxNzY4NDc3NTAwfQ.BTc_gWo5RZrlMhrvVlLXoL7syypIo5-vDXX3OZpxyk0"
	var screen bytes.Buffer
	env := &cli.Env{
		Stdin: strings.NewReader(""), Stdout: &screen, Stderr: &screen,
		StdinTTY: true, StdoutTTY: true, StderrTTY: true, Width: 80,
		LookupEnv: func(name string) (string, bool) {
			if name == "SECRET" {
				return "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMyLWI=", true
			}
			return "", false
		},
		Now: func() time.Time { return pageDay },
	}
	for _, line := range []string{"jwt decode $TOKEN", "jwt verify $TOKEN --secret env:SECRET"} {
		fmt.Fprintf(&screen, "\x1b[1m$ %s\x1b[0m\n", line)
		Run(context.Background(), env, strings.Fields(strings.ReplaceAll(line, "$TOKEN", token))[1:])
		fmt.Fprintln(&screen)
	}
	drawn := svg(screen.String())
	if regexp.MustCompile(`> | <|  `).Match(drawn[bytes.IndexByte(drawn, '$'):]) {
		t.Error("the picture has spaces that Chromium drops")
	}
	if os.Getenv("JWT_UPDATE") != "" {
		if err := os.WriteFile(pictureFile, drawn, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(drawn, committed) {
		t.Errorf("%s is not what the program prints: JWT_UPDATE=1 go test ./cmd -run Picture draws it anew", pictureFile)
	}
}

// noBreakSpace is drawn in place of a space, because Chromium collapses spaces whatever xml:space
// and white-space say.
const noBreakSpace = "\u00a0"

// svg draws terminal output: text and the SGR sequences that render.Text writes.
func svg(screen string) []byte {
	const lineHeight, top, left = 19, 30, 16
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	columns := 0
	var body bytes.Buffer
	for i, line := range lines {
		fmt.Fprintf(&body, `<text x="%d" y="%d">`, left, top+i*lineHeight)
		style, width := map[string]string{}, 0
		for _, piece := range strings.Split("\x1b[m"+line, "\x1b[") {
			codes, text, ok := strings.Cut(piece, "m")
			if !ok {
				continue
			}
			sgr(style, codes)
			width += len([]rune(text))
			if text != "" {
				fmt.Fprintf(&body, `<tspan%s>%s</tspan>`, attributes(style), html.EscapeString(strings.ReplaceAll(text, " ", noBreakSpace)))
			}
		}
		columns = max(columns, width)
		body.WriteString("</text>\n")
	}
	var b bytes.Buffer
	w, h := 2*left+columns*8+columns/2, top+len(lines)*lineHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">
<rect width="100%%" height="100%%" rx="8" fill="#1e2127"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="#d7dae0">
%s</g>
</svg>
`, w, h, w, h, body.Bytes())
	return b.Bytes()
}

// sgr applies the codes of one escape sequence to a style.
func sgr(style map[string]string, codes string) {
	for _, code := range strings.Split(codes, ";") {
		switch code {
		case "", "0":
			clear(style)
		case "1":
			style["font-weight"] = "bold"
		case "2":
			style["fill-opacity"] = "0.6"
		case "22":
			delete(style, "font-weight")
			delete(style, "fill-opacity")
		case "31":
			style["fill"] = "#e06c75"
		case "32":
			style["fill"] = "#98c379"
		case "33":
			style["fill"] = "#e5c07b"
		case "36":
			style["fill"] = "#56b6c2"
		case "39":
			delete(style, "fill")
		}
	}
}

func attributes(style map[string]string) string {
	var b strings.Builder
	for _, name := range []string{"fill", "fill-opacity", "font-weight"} {
		if v := style[name]; v != "" {
			fmt.Fprintf(&b, ` %s="%s"`, name, v)
		}
	}
	return b.String()
}
