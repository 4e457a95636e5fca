package payload

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fileOf returns a file with this content, of which so many bytes are already read.
func fileOf(t *testing.T, content string, position int) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "a"), os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	require.Equal(t, len(content), must(f.WriteString(content)))
	require.EqualValues(t, position, must(f.Seek(int64(position), io.SeekStart)))
	return f
}

func TestFileIsReadFromItsPositionWhichStays(t *testing.T) {
	f := fileOf(t, "HEADabc", 4)
	p := mustSource(t, Source{Content: f})
	require.NoError(t, iotest.TestReader(openPayload(t, p), []byte("abc")))
	assert.Nil(t, p.current, "no goroutine and no buffer of its own")
	assert.EqualValues(t, 4, must(f.Seek(0, io.SeekCurrent)))
	p.Close(t.Context())
	assert.Equal(t, "abc", string(must(io.ReadAll(f))), "the file of the caller is not closed")
}

func TestAttemptsDoNotShareTheirPlaceInAFile(t *testing.T) {
	p := mustSource(t, Source{Content: fileOf(t, "abc", 0)})
	before := openPayload(t, p) // which net/http still reads when the answer came early
	require.Equal(t, "a", string(must(io.ReadAll(io.LimitReader(before, 1)))))
	assert.Equal(t, "abc", readPayload(t, p))
	assert.Equal(t, "bc", string(must(io.ReadAll(before))))
}

func TestNothingBeyondTheSizeOfAFileIsRead(t *testing.T) {
	f := fileOf(t, "abc", 0)
	p := mustSource(t, Source{Content: f})
	require.Equal(t, 3, must(f.WriteAt([]byte("def"), 3)))
	assert.Equal(t, "abc", readPayload(t, p))
}

func TestFileThatBecameShorterIsAnError(t *testing.T) {
	f := fileOf(t, "HEADabcdefgh", 4)
	p := mustSource(t, Source{Content: f})
	require.NoError(t, f.Truncate(7))
	body := openPayload(t, p)
	data, err := io.ReadAll(body)
	assert.Equal(t, "abc", string(data))
	assert.Equal(t, "File.Content must have 8 bytes, but ended after 3", problemOf(t, err))
	assert.Equal(t, err, p.Err())
	_, again := body.Read(make([]byte, 1))
	assert.Equal(t, err, again)
}

func TestFileThatCannotBeReadIsAnError(t *testing.T) {
	f := fileOf(t, "abc", 0)
	p := mustSource(t, Source{Content: f})
	require.NoError(t, f.Close())
	_, err := io.ReadAll(openPayload(t, p))
	require.ErrorIs(t, err, os.ErrClosed)
	assert.Contains(t, problemOf(t, err), "File.Content must be readable: read ")
	assert.Equal(t, err, p.Err())
}

func TestFileIsNotReadAfterTheEndOfTheCall(t *testing.T) {
	f := fileOf(t, "abc", 0)
	for name, s := range map[string]Source{
		"caller's": {Content: f},
		"opened":   {Open: func() (io.ReadCloser, error) { return os.Open(f.Name()) }},
	} {
		p := mustSource(t, s)
		body := openPayload(t, p)
		p.Close(context.Background())
		n, err := body.Read(make([]byte, 3))
		assert.Zero(t, n, name)
		require.ErrorIs(t, err, errClosed, name)
		require.NoError(t, p.Err(), "closing is no fault of the content")
	}
}
