package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// programs are what is weighed, by the name in the tables.
var programs = map[string]string{
	"floor": "nethttp", "resty": "resty", "ours": "wechat", "silenceper": "silenceper", "chanxuehong": "chanxuehong", "powerwechat": "powerwechat",
}

// weigh adds the row of the weight of programs. The time of a build is that with the
// standard library in the cache.
func weigh(all rows, tmp string, timed bool) error {
	var std string
	if timed {
		std = filepath.Join(tmp, "std")
		if err := buildStandard(std); err != nil {
			return err
		}
	}
	for _, sdk := range sdks {
		if programs[sdk] == "" {
			continue
		}
		pkg, binary := "./weight/"+programs[sdk], filepath.Join(tmp, programs[sdk])
		if timed {
			took, err := buildTime(std, binary, pkg)
			if err != nil {
				return err
			}
			all.add("Weight", sdk, "build-s", took.Seconds())
		} else if _, err := goCommand("build", "-o", binary, pkg); err != nil {
			return err
		}
		info, err := os.Stat(binary)
		if err != nil {
			return err
		}
		all.add("Weight", sdk, "MiB", float64(info.Size())/(1<<20))

		list, err := goCommand("list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg)
		if err != nil {
			return err
		}
		all.add("Weight", sdk, "packages", float64(len(strings.Fields(list))-1)) // without the program
		modules, err := goCommand("version", "-m", binary)
		if err != nil {
			return err
		}
		all.add("Weight", sdk, "modules", float64(strings.Count(modules, "\tdep\t")))
	}
	return nil
}

// buildStandard fills a cache with what the programs need of the standard library.
func buildStandard(cache string) error {
	list, err := goCommand("list", "-deps", "-f", "{{if .Standard}}{{.ImportPath}}{{end}}", "./weight/...")
	if err != nil {
		return err
	}
	return build(cache, append([]string{"build"}, strings.Fields(list)...)...)
}

// buildTime builds a program with a cache that holds the standard library alone.
func buildTime(std, binary, pkg string) (time.Duration, error) {
	cache := binary + ".cache"
	err := filepath.WalkDir(std, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(cache, strings.TrimPrefix(path, std))
		if d.IsDir() {
			return os.MkdirAll(to, 0o750)
		}
		return os.Link(path, to) //nolint:gosec // in a directory of our own
	})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = build(cache, "build", "-o", binary, pkg)
	return time.Since(began), err
}

func build(cache string, args ...string) error {
	cmd := exec.Command("go", args...) //nolint:gosec,noctx // no arguments from outside
	cmd.Env = append(os.Environ(), "GOCACHE="+cache)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}
