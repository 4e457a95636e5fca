package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const twoRounds = `goos: linux
BenchmarkCall/GET/memory/sdk=floor-2  	     100	  1000 ns/op	 8 B/op	  10 allocs/op
BenchmarkCall/GET/memory/sdk=ours-2   	     100	   700 ns/op	 8 B/op	  20 allocs/op
BenchmarkCall/GET/memory/sdk=ours-2   	     100	   900 ns/op	 8 B/op	  20 allocs/op
BenchmarkCall/GET/memory/sdk=silenceper-2  	  1	   750 ns/op
BenchmarkHerd/cold/sdk=ours  	     1	   0 errors	  1.000 token-requests
BenchmarkHerd/cold/sdk=silenceper  	     1	   1000 errors	  0 token-requests
BenchmarkHerd/cold/sdk=chanxuehong  	     1	   0 errors	  1000 token-requests
BenchmarkMillion/sdk=ours-2  	     1	   1.5 growth-MiB	   2.5 used@10	   3.0 used@100
PASS
`

func TestATargetIsJudgedByTheMedians(t *testing.T) {
	all := parse([]byte(twoRounds))
	for limit, met := range map[float64]bool{0.8: true, 0.79: false} {
		r := judge(target{row: "Call/GET/memory", unit: "ns/op", limit: limit, ofFloor: true}, all)
		if r.ours != 800 || r.floor != 1000 || r.met != met || r.ahead || r.peerName != "silenceper" {
			t.Errorf("%v: %+v", limit, r)
		}
	}
	if r := judge(target{row: "Call/GET/memory", unit: "allocs/op", limit: 19}, all); r.met || !r.ahead {
		t.Errorf("%+v", r)
	}
}

func TestAPeerWhoseCallersSeeErrorsIsNotTheBest(t *testing.T) {
	if name, best, ok := parse([]byte(twoRounds)).bestPeer("Herd/cold", "token-requests"); name != "chanxuehong" || best != 1000 || !ok {
		t.Error(name, best, ok)
	}
}

func TestEveryTargetStandsInTheTable(t *testing.T) {
	text := string(document(parse([]byte(twoRounds)), []string{"linux"}, 1, "1x", ""))
	for _, target := range targets {
		if !strings.Contains(text, "\n| "+target.name+" |") {
			t.Error(target.name)
		}
	}
	if !strings.Contains(text, "| GET in memory | 1 µs | 800 ns (0.80×) | 750 ns (0.75×), silenceper | ≤ 0.80× | yes | **no** | "+callCost+" |") {
		t.Error(text[:2000])
	}
}

func TestThePicturesAreXML(t *testing.T) {
	for _, all := range []rows{{}, parse([]byte(twoRounds))} {
		for _, picture := range [][]byte{plot(all), course(all)} {
			for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestTheCourseIsDrawnAndNotListed(t *testing.T) {
	all := parse([]byte(twoRounds))
	picture := string(course(all))
	if n := strings.Count(picture, "<polyline"); n != 1 || !strings.Contains(picture, `points="126.0,153.1 720.0,143.8 "`) {
		t.Error(n, picture)
	}
	if text := string(document(all, nil, 1, "1x", "")); strings.Contains(text, "@") || !strings.Contains(text, "growth-MiB") {
		t.Error(text)
	}
}
