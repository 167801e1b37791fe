package qr_test

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/rollcall-dev/rollcall/internal/cli/qr"
)

const link = "https://join.example.com/i/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// A phone reads what is drawn.
func TestHE2_DrawnCodeIsRead(t *testing.T) {
	for name, invert := range map[string]bool{"dark terminal": false, "light terminal": true} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := qr.Draw(&out, link, invert); err != nil {
				t.Fatal(err)
			}
			bitmap, err := gozxing.NewBinaryBitmapFromImage(seen(out.String(), invert))
			if err != nil {
				t.Fatal(err)
			}
			result, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
			if err != nil {
				t.Fatalf("%v:\n%s", err, out.String())
			}
			if result.GetText() != link {
				t.Errorf("read %q, want %q", result.GetText(), link)
			}
		})
	}
}

func TestDraw_RefusesWhatDoesNotFit(t *testing.T) {
	if err := qr.Draw(&bytes.Buffer{}, strings.Repeat("a", 5000), false); err == nil {
		t.Error("no error")
	}
}

// seen is what a terminal shows, eight dots a module.
func seen(drawn string, lightTerminal bool) image.Image {
	const dots = 8
	lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	width := len([]rune(lines[0]))
	picture := image.NewGray(image.Rect(0, 0, width*dots, len(lines)*2*dots))
	for y, line := range lines {
		for x, r := range []rune(line) {
			top, bottom := r == '█' || r == '▀', r == '█' || r == '▄'
			for half, ink := range []bool{top, bottom} {
				shade := color.Gray{Y: 0}
				if ink != lightTerminal {
					shade.Y = 255
				}
				for dy := range dots {
					for dx := range dots {
						picture.SetGray(x*dots+dx, (y*2+half)*dots+dy, shade)
					}
				}
			}
		}
	}
	return picture
}
