// Package qr draws QR codes with characters.
package qr

import (
	"strings"

	"rsc.io/qr/coding"
)

// Lines returns the lines of the QR code of a text, two rows of modules in a line. The light modules are
// drawn, as on a dark terminal; readers take either. It returns nil for a text that fits no code.
func Lines(text string) []string {
	code := encode(text)
	if code == nil {
		return nil
	}
	const quiet = 2 // modules of margin
	dark := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < code.Size && y < code.Size && code.Black(x, y)
	}
	var lines []string
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var line strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			line.WriteString(map[[2]bool]string{{false, false}: "█", {false, true}: "▀", {true, false}: "▄", {true, true}: " "}[[2]bool{dark(x, y), dark(x, y+1)}])
		}
		lines = append(lines, line.String())
	}
	return lines
}

// encode returns the smallest code that has the text, or nil if none can.
func encode(text string) *coding.Code {
	data := coding.String(text)
	for v := coding.Version(coding.MinVersion); v <= coding.MaxVersion; v++ {
		if data.Bits(v) > v.DataBytes(coding.L)*8 {
			continue
		}
		plan, err := coding.NewPlan(v, coding.L, 0)
		if err != nil {
			return nil
		}
		code, err := plan.Encode(data)
		if err != nil {
			return nil
		}
		return code
	}
	return nil
}
