package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// module is a Go module with the checksum of its files, as go.sum has it.
type module struct {
	path, version, sum string
}

// download returns the directory of the module's files.
func (m module) download() (string, error) {
	command := exec.Command("go", "mod", "download", "-json", m.path+"@"+m.version)
	// Outside of the module, so that no go.mod has a say in it.
	command.Dir = os.TempDir()
	command.Env = append(os.Environ(), "GOWORK=off")
	output, failed := command.Output()
	var found struct{ Dir, Sum, Error string }
	if err := json.Unmarshal(output, &found); err != nil || failed != nil {
		return "", fmt.Errorf("cannot download %s %s: %v %s", m.path, m.version, failed, found.Error)
	}
	if found.Sum != m.sum {
		return "", fmt.Errorf("%s %s has the checksum %s instead of %s", m.path, m.version, found.Sum, m.sum)
	}
	return found.Dir, nil
}
