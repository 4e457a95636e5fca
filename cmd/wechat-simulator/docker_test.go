package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDockerfileBuildsWithTheGoVersionOfTheModuleAndRunsWithoutRights(t *testing.T) {
	docker, err := os.ReadFile("../../Dockerfile")
	require.NoError(t, err)
	module, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	require.NotNil(t, version)
	assert.Contains(t, string(docker), "FROM golang:"+string(version[1])+"-")
	assert.Regexp(t, `(?m)^USER nobody$`, string(docker))
	assert.Contains(t, string(docker), "./cmd/wechat-simulator\n")
}
