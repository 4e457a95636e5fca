package main

import (
	"bytes"
	"fmt"
	"math"
)

const (
	courseWidth, courseHeight = 760, 240
	courseLeft, courseTop     = 60, 50
	courseRight, courseBottom = 720, 200
	minScale                  = 8 // MiB
)

// point is what is in use at a part of the way.
type point struct{ percent, used float64 }

// course draws the memory that is in use while the profiles of 1,000,000 followers are
// read, by the floor and by this SDK.
func course(all rows) []byte {
	var b bytes.Buffer
	begin(&b, courseWidth, courseHeight, "Memory in use while the profiles of 1,000,000 followers are read")
	b.WriteString(`<rect class="ours" x="10" y="12" width="11" height="11"/><text x="27" y="22">this SDK</text>` + "\n")
	b.WriteString(`<rect class="peer" x="100" y="12" width="11" height="11"/><text x="117" y="22">hand-written code</text>` + "\n")
	b.WriteString(`<text x="290" y="22">MiB in use while 1,000,000 profiles are read</text>` + "\n")
	floor, ours := samples(all, "floor"), samples(all, "ours")
	top := float64(minScale)
	for _, p := range append(floor, ours...) {
		top = max(top, math.Ceil(p.used))
	}
	for i := range 5 {
		value := top * float64(i) / 4
		y := courseY(value, top)
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="small" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			courseLeft, courseRight, y, y, courseLeft-8, y+4, digits(value))
	}
	for percent := 0; percent <= 100; percent += 20 {
		fmt.Fprintf(&b, `<text class="small" x="%.1f" y="%d" text-anchor="middle">%.1f million</text>`+"\n", courseX(float64(percent)), courseBottom+20, float64(percent)/100)
	}
	for _, drawn := range []struct {
		class  string
		points []point
	}{{"peer", floor}, {"ours", ours}} {
		if len(drawn.points) == 0 {
			continue
		}
		fmt.Fprintf(&b, `<polyline class="%s" points="`, drawn.class)
		for _, p := range drawn.points {
			fmt.Fprintf(&b, "%.1f,%.1f ", courseX(p.percent), courseY(p.used, top))
		}
		b.WriteString(`"/>` + "\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func courseX(percent float64) float64 {
	return courseLeft + percent/100*(courseRight-courseLeft)
}

func courseY(used, top float64) float64 {
	return courseBottom - used/top*(courseBottom-courseTop)
}

// samples returns the course of an SDK, in order.
func samples(all rows, sdk string) []point {
	var points []point
	for percent := range 101 {
		if used, ok := all.median("Million", sdk, fmt.Sprintf("used@%02d", percent)); ok {
			points = append(points, point{float64(percent), used})
		}
	}
	return points
}
