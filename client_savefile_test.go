//go:build unix

package wechat

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func writeNew(w io.Writer) error {
	_, err := io.WriteString(w, "NEW")
	return err
}

func writeFile(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	require.NoError(t, os.Chmod(name, mode))
}

func modeOf(t *testing.T, name string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(name)
	require.NoError(t, err)
	return info.Mode()
}

func TestD11SaveFileShowsWholeFilesOnly(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, SaveFile(name, writeNew))
	assertOnlyFile(t, name, "NEW")
	broken := errors.New("broken")
	require.ErrorIs(t, SaveFile(name, func(w io.Writer) error { return errors.Join(writeNew(w), broken) }), broken)
	assertOnlyFile(t, name, "NEW")
	assert.Panics(t, func() { _ = SaveFile(name, func(io.Writer) error { panic("broken") }) })
	assertOnlyFile(t, name, "NEW")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = SaveFile(name, func(io.Writer) error { runtime.Goexit(); return nil })
	}()
	<-done
	assertOnlyFile(t, name, "NEW")
	require.NoError(t, SaveFile(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "NEWER")
		assertContent(t, name, "NEW") // until it is whole
		return err
	}))
	assertOnlyFile(t, name, "NEWER")
	require.NoError(t, SaveFile(name, func(io.Writer) error { return nil }))
	assertOnlyFile(t, name, "")
	assertArgument(t, SaveFile(name, nil), "fill")
	assertOnlyFile(t, name, "")
}

func assertContent(t *testing.T, name, content string) {
	t.Helper()
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, content, string(got))
}

func TestSaveFileRefusesATargetBeforeItIsFilled(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/file", "OLD", 0o600)
	require.NoError(t, os.Symlink("loop", dir+"/loop"))
	require.NoError(t, os.Symlink(".", dir+"/here"))
	for name, want := range map[string]error{
		dir:                   syscall.EISDIR,
		dir + "/":             syscall.EISDIR,
		dir + "/here":         syscall.EISDIR,
		"":                    fs.ErrInvalid,
		dir + "/missing/":     fs.ErrInvalid,
		dir + "/missing/file": fs.ErrNotExist,
		dir + "/file/x":       syscall.ENOTDIR,
		dir + "/loop":         syscall.ELOOP,
	} {
		filled := false
		err := SaveFile(name, func(io.Writer) error { filled = true; return nil })
		require.ErrorIs(t, err, want, name)
		assert.False(t, filled, name)
	}
	assertContent(t, dir+"/file", "OLD")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3)
}

func TestSaveFileKeepsTheModeOfTheFileThatItReplaces(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o640, 0o666, 0o755, 0o400, 0o444} {
		name := filepath.Join(t.TempDir(), "a")
		writeFile(t, name, "OLD", mode)
		require.NoError(t, SaveFile(name, func(w io.Writer) error {
			f, ok := w.(*os.File)
			require.True(t, ok)
			assert.Equal(t, mode, modeOf(t, f.Name()), "while it is written it shows itself to nobody else")
			return writeNew(w)
		}))
		assert.Equal(t, mode, modeOf(t, name))
		assertOnlyFile(t, name, "NEW")
	}
}

func TestSaveFileHeedsTheUmask(t *testing.T) {
	for _, mask := range []int{0o022, 0o077, 0o002, 0} {
		old := syscall.Umask(mask)
		name := filepath.Join(t.TempDir(), "a")
		err := SaveFile(name, writeNew)
		syscall.Umask(old)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o666&^mask), modeOf(t, name))
	}
}

func TestSaveFileFollowsALinkAndLeavesIt(t *testing.T) {
	for name, link := range map[string]string{
		"relative": "real/file", "absolute": "/real/file", "over a link": "other", "by a linked directory": "dir/../file",
	} {
		for _, dangling := range []bool{false, true} {
			dir := t.TempDir()
			require.NoError(t, os.MkdirAll(dir+"/real/deep", 0o700))
			require.NoError(t, os.Symlink("real/deep", dir+"/dir"))
			require.NoError(t, os.Symlink("real/file", dir+"/other"))
			if strings.HasPrefix(link, "/") {
				link = dir + "/real/file"
			}
			require.NoError(t, os.Symlink(link, dir+"/link"))
			if !dangling {
				writeFile(t, dir+"/real/file", "OLD", 0o640)
			}
			require.NoError(t, SaveFile(dir+"/link", writeNew), name)
			assertContent(t, dir+"/real/file", "NEW")
			assert.NotZero(t, modeOf(t, dir+"/link")&os.ModeSymlink, "%s: the link was replaced", name)
			if !dangling {
				assert.Equal(t, os.FileMode(0o640), modeOf(t, dir+"/real/file"), name)
			}
			for _, d := range []string{dir, dir + "/real"} {
				entries, err := os.ReadDir(d)
				require.NoError(t, err)
				assert.Len(t, entries, map[string]int{dir: 4, dir + "/real": 2}[d], "%s: something was left in %s", name, d)
			}
		}
	}
}

func TestSaveFileOfARelativeNameFollowsLinksToo(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Symlink("file", "link"))
	require.NoError(t, SaveFile("link", writeNew))
	assertContent(t, "file", "NEW")
	require.NoError(t, SaveFile("plain", writeNew))
	assertContent(t, "plain", "NEW")
}

func TestSaveFileWritesADeviceAndAPipeDirectly(t *testing.T) {
	dir := t.TempDir()
	pipe := dir + "/pipe"
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink("pipe", dir+"/link"))
	for _, name := range []string{pipe, dir + "/link"} {
		got := make(chan string)
		go func() {
			data, _ := os.ReadFile(pipe)
			got <- string(data)
		}()
		require.NoError(t, SaveFile(name, writeNew))
		assert.Equal(t, "NEW", <-got)
		assert.NotZero(t, modeOf(t, pipe)&os.ModeNamedPipe, "the pipe was replaced")
	}
	null, full := devices(t)
	require.NoError(t, SaveFile(null, writeNew))
	assert.NotZero(t, modeOf(t, null)&os.ModeDevice)
	broken := errors.New("broken")
	require.ErrorIs(t, SaveFile(null, func(io.Writer) error { return broken }), broken)
	require.ErrorIs(t, SaveFile(full, writeNew), syscall.ENOSPC)
}

// devices returns a null device and a full one: root, who could replace those of the
// machine, gets its own.
func devices(t *testing.T) (null, full string) {
	if os.Geteuid() != 0 {
		return os.DevNull, "/dev/full"
	}
	null, full = t.TempDir()+"/null", t.TempDir()+"/full"
	const character = syscall.S_IFCHR | 0o666
	if syscall.Mknod(null, character, 1<<8|3) != nil || syscall.Mknod(full, character, 1<<8|7) != nil {
		t.Skip("no devices can be made here")
	}
	if f, err := os.OpenFile(null, os.O_WRONLY, 0); err != nil {
		t.Skip("devices cannot be opened here")
	} else {
		require.NoError(t, f.Close())
	}
	return null, full
}
