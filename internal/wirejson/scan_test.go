package wirejson

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOnlyAStringThatIsNoJSONNeedsRepair(t *testing.T) {
	for text, damaged := range map[string]bool{
		" ": false, "~": false, "\x7f": false, "张": false, `\"`: false, `\u5f20`: false,
		"\x00": true, "\x1f": true, "\n": true, `\q`: true, `\u5f2x`: true,
	} {
		for before := range 20 {
			for _, plain := range []string{" ", "0", "a"} {
				d := newDecoder([]byte(`"` + strings.Repeat(plain, before) + text + plain + plain + `"`))
				_, _, ok := d.rawString()
				assert.True(t, ok)
				assert.Equal(t, damaged, d.damaged, "%q behind %d × %q", text, before, plain)
				d.release()
			}
		}
	}
}
