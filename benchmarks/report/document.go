package main

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
)

// document writes RESULTS.md.
func document(all rows, machine []string, rounds int, benchtime, compared string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Results\n\nWritten by `make bench`: medians of %d interleaved rounds of %s, %s, %d cores, %s. ", rounds, benchtime, runtime.Version(), runtime.NumCPU(), strings.Join(machine, ", "))
	b.WriteString("Read the ratios to the floor: the times depend on the machine. [docs/performance.md](../docs/performance.md) says what the rows are.\n\n")
	b.WriteString("![Times as ratios to hand-written code](ratios.svg)\n\n## Targets\n\n")
	b.WriteString("A target is a limit of ours, or of its ratio to the floor (×). The best peer is the one with the lowest value.\n\n")
	b.WriteString("| | floor | ours | best peer | target | met | ahead of every peer | why not |\n|---|---|---|---|---|---|---|---|\n")
	for _, t := range targets {
		r := judge(t, all)
		if !r.hasOurs {
			fmt.Fprintf(&b, "| %s | | not measured | | | | | |\n", t.name)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", t.name, r.cell(r.floor, r.hasFloor), r.cell(r.ours, true),
			r.peerCell(), r.limitCell(), yes(r.met), yes(r.ahead), r.why())
	}
	b.WriteString("\n## All rows\n\nThe floor's value, then ratios to it; a value itself where the floor's is 0 or there is none.\n\n")
	fmt.Fprintf(&b, "| | %s |\n|---|---%s|\n", strings.Join(sdks, " | "), strings.Repeat("|---", len(sdks)))
	for _, row := range slices.Sorted(maps.Keys(all)) {
		for _, unit := range units(all[row]) {
			fmt.Fprintf(&b, "| %s, %s |", row, strings.TrimSuffix(unit, "/op"))
			for _, sdk := range sdks {
				fmt.Fprintf(&b, " %s |", relative(all, row, sdk, unit))
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, "\n## Spread of the rounds\n\n<details><summary>benchstat</summary>\n\n```\n%s```\n\n</details>\n", compared)
	return b.Bytes()
}

// units returns the units of a row, in order, without the samples of a course, which
// are drawn.
func units(row map[string]map[string][]float64) []string {
	all := map[string]bool{}
	for _, values := range row {
		for unit := range values {
			all[unit] = true
		}
	}
	delete(all, "MB/s") // says the same as ns/op
	maps.DeleteFunc(all, func(unit string, _ bool) bool { return strings.Contains(unit, "@") })
	return slices.Sorted(maps.Keys(all))
}

func relative(all rows, row, sdk, unit string) string {
	v, ok := all.median(row, sdk, unit)
	if !ok {
		return "–"
	}
	floor, _ := all.median(row, "floor", unit)
	if sdk == "floor" || floor == 0 || unit == "errors" {
		return number(v, unit)
	}
	return digits(v / floor)
}

// cell is a value, with its ratio to the floor if the target is one.
func (r result) cell(v float64, ok bool) string {
	switch {
	case !ok:
		return "–"
	case r.ofFloor && r.floor > 0 && v != r.floor:
		return fmt.Sprintf("%s (%.2f×)", number(v, r.unit), v/r.floor)
	}
	return number(v, r.unit)
}

func (r result) peerCell() string {
	if !r.hasPeer {
		return "–"
	}
	return r.cell(r.peer, true) + ", " + r.peerName
}

func (r result) limitCell() string {
	if r.ofFloor {
		return fmt.Sprintf("≤ %.2f×", r.limit)
	}
	return "≤ " + number(r.limit, r.unit)
}

func (r result) why() string {
	if r.met && r.ahead {
		return ""
	}
	return r.reason
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "**no**"
}

// number writes a value with three digits that count.
func number(v float64, unit string) string {
	if unit == "ns/op" {
		for _, u := range []struct {
			size float64
			name string
		}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}} {
			if v >= u.size {
				return digits(v/u.size) + " " + u.name
			}
		}
		return digits(v) + " ns"
	}
	return digits(v)
}

func digits(v float64) string {
	if v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	switch {
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
