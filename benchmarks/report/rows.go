package main

import (
	"bufio"
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The SDKs in the order of the tables.
var sdks = []string{"floor", "resty", "ours", "unobserved", "oursonresty", "silenceper", "chanxuehong", "powerwechat"}

var peers = sdks[5:]

// rows are the values of all rounds, by row, SDK and unit.
type rows map[string]map[string]map[string][]float64

func (r rows) add(row, sdk, unit string, value float64) {
	if r[row] == nil {
		r[row] = map[string]map[string][]float64{}
	}
	if r[row][sdk] == nil {
		r[row][sdk] = map[string][]float64{}
	}
	r[row][sdk][unit] = append(r[row][sdk][unit], value)
}

// median returns the median of the rounds.
func (r rows) median(row, sdk, unit string) (float64, bool) {
	values := slices.Clone(r[row][sdk][unit])
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2, true
}

// bestPeer returns the peer with the lowest value. One whose callers see more errors
// than ours has not done the work.
func (r rows) bestPeer(row, unit string) (name string, best float64, found bool) {
	ours, _ := r.median(row, "ours", "errors")
	for _, peer := range peers {
		if errors, _ := r.median(row, peer, "errors"); errors > ours && unit != "errors" {
			continue
		}
		if v, ok := r.median(row, peer, unit); ok && (!found || v < best) {
			name, best, found = peer, v, true
		}
	}
	return name, best, found
}

var line = regexp.MustCompile(`^Benchmark(\S+)/sdk=(\w+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// parse reads what package testing prints.
func parse(raw []byte) rows {
	all := rows{}
	for s := bufio.NewScanner(bytes.NewReader(raw)); s.Scan(); {
		m := line.FindStringSubmatch(s.Text())
		if m == nil {
			continue
		}
		fields := strings.Fields(m[3])
		for i := 0; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				all.add(m[1], m[2], fields[i+1], v)
			}
		}
	}
	return all
}

// machine returns what package testing says of the machine.
func machine(raw []byte) []string {
	var about []string
	for s := bufio.NewScanner(bytes.NewReader(raw)); s.Scan() && len(about) < 3; {
		for _, key := range []string{"goos: ", "goarch: ", "cpu: "} {
			if value, found := strings.CutPrefix(s.Text(), key); found {
				about = append(about, strings.TrimSpace(value))
			}
		}
	}
	return about
}
