package mesh

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// servicesCPU is the processor of pinned services; everything else has the others.
const servicesCPU = 0

// startOn starts the command, on the services' processor where it is pinned: a child has the processors of the thread that
// forks it.
func startOn(cmd *exec.Cmd, pinned bool) error {
	if !pinned {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(servicesCPU)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }() // what was allowed is allowed
	return cmd.Start()
}

// Apart keeps this process off the services' processor, where there is another one, and returns what undoes it.
func Apart() (undo func(), err error) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, err
	}
	others := before
	others.Clear(servicesCPU)
	if others.Count() == 0 {
		return func() {}, nil
	}
	if err := move(&others); err != nil {
		return nil, err
	}
	return func() { _ = move(&before) }, nil // what was allowed is allowed
}

// move gives every thread of this process the processors; threads to come have them from the one that makes them.
func move(processors *unix.CPUSet) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, processors); err != nil && err != unix.ESRCH { // ended since
			return err
		}
	}
	return nil
}
