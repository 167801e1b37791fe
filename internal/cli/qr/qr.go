package qr

import (
	"fmt"
	"io"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// What is drawn in the foreground is the light half; the dark one is left out.
const (
	bothDark   = " "
	topDark    = "▄"
	bottomDark = "▀"
	bothLight  = "█"
)

// Draw writes the code of a text. Light is drawn and dark left out, as it is
// read on a dark terminal; invert does it the other way round, for a light one.
func Draw(w io.Writer, text string, invert bool) error {
	code, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	modules := code.Bitmap()
	var out strings.Builder
	for y := 0; y < len(modules); y += 2 {
		for x := range modules[y] {
			top, bottom := modules[y][x], y+1 < len(modules) && modules[y+1][x]
			out.WriteString(half(top != invert, bottom != invert))
		}
		out.WriteString("\n")
	}
	_, err = io.WriteString(w, out.String())
	return err
}

// half returns the character of two modules, one above the other; true is dark.
func half(top, bottom bool) string {
	switch {
	case top && bottom:
		return bothDark
	case top:
		return topDark
	case bottom:
		return bottomDark
	default:
		return bothLight
	}
}
