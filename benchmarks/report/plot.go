package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// plotted are the rows of the picture: times, so that shorter is better.
var plotted = []struct{ label, row string }{
	{"GET, in memory", "Call/GET/memory"},
	{"POST, in memory", "Call/POST/memory"},
	{"GET over TLS", "Call/GET/TLS"},
	{"decode 10,000 openids", "JSON/openids=10000"},
	{"decode 100 profiles", "JSON/users=100"},
	{"64 callers", "Parallel/callers=64"},
	{"512 callers", "Parallel/callers=512"},
	{"burst of 512 calls", "Burst/calls=512"},
	{"callback, plain", "Callback/plain"},
	{"callback, safe mode", "Callback/safe"},
	{"all followers with profiles", "Followers"},
}

const (
	plotWidth  = 760
	labelWidth = 210
	barHeight  = 11
	rowHeight  = 34
	topHeight  = 58
	lowest     = 0.125 // ratios at the ends of the scale
	highest    = 64
)

// plot draws the ratios of ours and of the best peer to the floor, on a logarithmic
// scale.
func plot(all rows) []byte {
	var b bytes.Buffer
	height := topHeight + len(plotted)*rowHeight + 14
	begin(&b, plotWidth, height, "Times as ratios to hand-written code: this SDK and the best of three others")
	b.WriteString(`<rect class="ours" x="10" y="12" width="11" height="11"/><text x="27" y="22">this SDK</text>` + "\n")
	b.WriteString(`<rect class="peer" x="100" y="12" width="11" height="11"/><text x="117" y="22">best of three other SDKs</text>` + "\n")
	b.WriteString(`<text x="290" y="22">time as a ratio to hand-written code; shorter is faster</text>` + "\n")
	if len(all) == 0 {
		fmt.Fprintf(&b, `<text x="%d" y="%d">not measured yet: make bench</text>`+"\n", labelWidth+40, height/2)
	}
	for ratio := lowest; ratio <= highest; ratio *= 2 {
		class := "grid"
		if ratio == 1 {
			class = "one"
		}
		fmt.Fprintf(&b, `<line class="%s" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text class="small" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			class, scale(ratio), scale(ratio), topHeight-6, height-8, scale(ratio), topHeight-12, axis(ratio))
	}
	for i, p := range plotted {
		y := topHeight + i*rowHeight
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", labelWidth-8, y+16, html.EscapeString(p.label))
		floor, ok := all.median(p.row, "floor", "ns/op")
		if !ok {
			continue
		}
		if v, ok := all.median(p.row, "ours", "ns/op"); ok {
			bar(&b, "ours", y, v/floor, "")
		}
		if name, v, ok := all.bestPeer(p.row, "ns/op"); ok {
			bar(&b, "peer", y+barHeight+2, v/floor, " "+name)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// begin begins a picture. Its colors follow the reader's choice of light or dark.
func begin(b *bytes.Buffer, width, height int, title string) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title">
<title id="title">%s</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.grid { stroke: #d1d9e0 } .one { stroke: #59636e; stroke-width: 1.5 }
.ours { fill: #07a35a } .peer { fill: #a9b3bd } .small { font-size: 11px }
polyline { fill: none; stroke-width: 2 } polyline.ours { fill: none; stroke: #07a35a } polyline.peer { fill: none; stroke: #a9b3bd }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
.ours { fill: #2fce7e } .peer { fill: #69737d }
polyline.ours { stroke: #2fce7e } polyline.peer { stroke: #69737d }
}
</style>
`, width, height, width, height, html.EscapeString(title))
}

func bar(b *bytes.Buffer, class string, y int, ratio float64, name string) {
	from := scale(lowest)
	to := max(scale(min(max(ratio, lowest), highest)), from+1)
	fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/><text class="small" x="%.1f" y="%d">%.2f%s</text>`+"\n",
		class, from, y, to-from, barHeight, to+4, y+barHeight-1, ratio, html.EscapeString(name))
}

// scale returns where a ratio is on the axis.
func scale(ratio float64) float64 {
	share := math.Log(ratio/lowest) / math.Log(highest/lowest)
	return labelWidth + share*(plotWidth-labelWidth-110)
}

func axis(ratio float64) string {
	if ratio < 1 {
		return fmt.Sprintf("1/%.0f", 1/ratio)
	}
	return fmt.Sprintf("%.0f", ratio)
}
