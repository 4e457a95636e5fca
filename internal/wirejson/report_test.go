package wirejson

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestALongPathLosesItsBeginning(t *testing.T) {
	longest := "." + strings.Repeat("x", maxPath-len(".name.")) // that fits behind .name
	assert.Equal(t, ".name"+longest, prepend(".name", longest))
	assert.Equal(t, "…"+longest+"x", prepend(".name", longest+"x"))
	assert.Equal(t, "….x", prepend(".name", "….x"))
}
