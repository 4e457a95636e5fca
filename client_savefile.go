package wechat

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// SaveFile creates or replaces the named file with what fill writes, such as a download.
// The file appears under its name only after fill has succeeded: if fill fails, an
// existing file is unchanged, and no partial file is left.
//
//	err := wechat.SaveFile("voice.amr", func(w io.Writer) error {
//		_, err := client.DownloadMedia(ctx, mediaID, w)
//		return err
//	})
//
// A replaced file keeps its permissions. A symbolic link is followed and stays a link.
// Anything but a regular file, such as /dev/stdout, is written to directly.
func SaveFile(name string, fill func(w io.Writer) error) error {
	if fill == nil {
		return invalid("fill", "must not be nil")
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		info = nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return writeDirectly(name, fill)
	}
	target, err := followLinks(name)
	if err != nil {
		return err
	}
	return replaceFile(target, info, fill)
}

// replaceFile writes a file beside target and renames it. old is the existing file, or
// nil if there is none.
func replaceFile(target string, old fs.FileInfo, fill func(w io.Writer) error) error {
	mode := fs.FileMode(0o666) // less the umask
	if old != nil {
		mode = old.Mode().Perm()
	}
	dir, _ := filepath.Split(target)
	tmp, err := os.OpenFile(dir+".wechat-download-"+randomHex(8), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // the program chooses the name
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // by an error or a panic of fill
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if old != nil {
		if err := tmp.Chmod(mode); err != nil {
			return err
		}
	}
	if err := fill(tmp); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), target); err != nil {
		return err
	}
	done = true
	return nil
}

// writeDirectly writes to a device or a pipe, which cannot be replaced. It returns an
// error for a directory.
func writeDirectly(name string, fill func(w io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0) //nolint:gosec // the program chooses the name
	if err != nil {
		return err
	}
	err = fill(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// followLinks returns the path of the file that name refers to, which need not exist.
func followLinks(name string) (string, error) {
	const most = 40 // links; the operating system has this limit too
	for range most {
		dir, file := filepath.Split(name)
		if file == "" {
			return "", &fs.PathError{Op: "save", Path: name, Err: fs.ErrInvalid}
		}
		if dir == "" {
			dir = "." + string(filepath.Separator)
		}
		// A ".." in a link is relative to the directory that contains the link, not to
		// the path by which it was reached.
		dir, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return "", err
		}
		name = filepath.Join(dir, file)
		link, err := os.Readlink(name)
		if err != nil {
			return name, nil //nolint:nilerr // it is not a link, or not there
		}
		if filepath.IsAbs(link) {
			name = link
		} else {
			name = dir + string(filepath.Separator) + link
		}
	}
	return "", &fs.PathError{Op: "save", Path: name, Err: syscall.ELOOP}
}
