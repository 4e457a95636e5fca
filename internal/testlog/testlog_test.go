package testlog

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOutputIsReadWhileItIsWritten(t *testing.T) {
	var o Output
	log := o.Logger()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				log.Debug("line")
				assert.Contains(t, o.String(), "level=DEBUG msg=line\n")
			}
		})
	}
	all.Wait()
	assert.Equal(t, 100, strings.Count(o.String(), "\n"))
	o.Reset()
	assert.Empty(t, o.String())
}
