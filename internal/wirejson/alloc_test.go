package wirejson

import (
	"testing"

	"github.com/wechatoa/wechat/internal/raceskip"
)

// A bound is what the document took when it was set: its strings and lists, and what
// they are read into. Lower it with the code.
func TestDecodingAllocatesNoMoreThanItsBound(t *testing.T) {
	raceskip.Allocations(t)
	bounds := map[string]float64{"user/info": 11, "user/info/batchget": 910, "user/get": 10015, "ok": 2, "ignored": 1, "any": 4820}
	for _, w := range workloads() {
		bound, found := bounds[w.name]
		if !found {
			continue
		}
		document := []byte(w.document)
		got := testing.AllocsPerRun(50, func() {
			if _, err := Decode(document, w.ours()); err != nil {
				t.Error(err)
			}
		})
		if got > bound {
			t.Errorf("%s: %.0f allocations, must be %.0f", w.name, got, bound)
		}
	}
}
