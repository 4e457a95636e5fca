package callback

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSessionsAreTypedAndEnd(t *testing.T) {
	type step struct{ N int }
	s := NewSessions[step](nil, time.Minute)
	ctx := t.Context()
	_, found, err := s.Get(ctx, testOpenID)
	require.NoError(t, err)
	assert.False(t, found)
	require.NoError(t, s.Set(ctx, testOpenID, step{3}))
	got, found, err := s.Get(ctx, testOpenID)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, step{3}, got)
	require.NoError(t, s.Delete(ctx, testOpenID))
	_, found, err = s.Get(ctx, testOpenID)
	require.NoError(t, err)
	assert.False(t, found)
	bad := NewSessions[func()](nil, 0)
	assert.Error(t, bad.Set(ctx, testOpenID, func() {}))
}
