package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

// drillProgram is the program that drills. It is one of its own: its proxies would weigh on every image of a service.
const drillProgram = "repli-drill"

func newDrill() *cobra.Command {
	return &cobra.Command{
		Use:                "drill",
		Short:              "Break a real mesh on purpose and judge what its callers got (needs " + drillProgram + ")",
		DisableFlagParsing: true, // they are the other program's
		RunE:               func(_ *cobra.Command, args []string) error { return drill(args) },
	}
}

// drill becomes the other program, so that signals and exit codes are its own.
func drill(args []string) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	program := filepath.Join(filepath.Dir(own), drillProgram)
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath(drillProgram); err != nil {
			return misuse(errors.New("drill: " + drillProgram + " is neither beside repli nor in PATH; " +
				"`make build` in a checkout builds both"))
		}
	}
	err = syscall.Exec(program, append([]string{drillProgram, "--repli", own}, args...), os.Environ()) //nolint:gosec // our own program
	return fmt.Errorf("drill: %s: %w", program, err)
}
