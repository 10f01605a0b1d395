// Command cut-schemas writes JSON schemas for kubeconform into a directory: those of Kubernetes into one directory for each
// version, and those of the custom resources that deploy/ uses into `crds`. It takes them from Go modules.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The latest patch of each minor version that the project supports, the newest last.
var kubernetes = []module{
	{"k8s.io/kubernetes", "v1.33.13", "h1:bmH31xUdSzeA5vk0wZAK9MZp11mdLuzUSeKk0qN3hPQ="},
	{"k8s.io/kubernetes", "v1.34.4", "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk="},
	{"k8s.io/kubernetes", "v1.35.4", "h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM="},
	{"k8s.io/kubernetes", "v1.36.3", "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o="},
	{"k8s.io/kubernetes", "v1.37.2", "h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE="},
}

// The files of custom resource definitions, as a pattern within each module.
var crds = []struct {
	module
	pattern string
}{
	{
		module{
			"github.com/cert-manager/cert-manager", "v1.21.2",
			"h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
		},
		"deploy/crds/cert-manager.io_*.yaml",
	},
	{
		module{
			"github.com/prometheus-operator/prometheus-operator", "v0.85.0",
			"h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
		},
		"example/prometheus-operator-crd/monitoring.coreos.com_*.yaml",
	},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cut-schemas DIRECTORY")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run writes the schemas, unless this very program has written them.
func run(directory string) error {
	digest, err := ownDigest()
	if err != nil {
		return err
	}
	stamp := filepath.Join(directory, "digest-of-program")
	if found, err := os.ReadFile(stamp); err == nil && string(found) == digest {
		return nil
	}
	if err := os.RemoveAll(directory); err != nil {
		return err
	}
	newest := ""
	for _, module := range kubernetes {
		source, err := module.download()
		if err != nil {
			return err
		}
		newest = module.version
		err = cutKubernetes(filepath.Join(source, "api/openapi-spec/swagger.json"), filepath.Join(directory, newest))
		if err != nil {
			return err
		}
	}
	for _, crd := range crds {
		source, err := crd.download()
		if err != nil {
			return err
		}
		files, err := filepath.Glob(filepath.Join(source, crd.pattern))
		if err == nil && len(files) == 0 {
			err = errors.New("no file matches " + crd.pattern + " in " + source)
		}
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := cutCRD(file, filepath.Join(directory, "crds"), newest); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return os.WriteFile(stamp, []byte(digest), 0o644)
}

// ownDigest changes with the versions and with the code.
func ownDigest() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(program)
	return hex.EncodeToString(digest[:]), nil
}
