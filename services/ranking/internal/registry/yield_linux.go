package registry

import "golang.org/x/sys/unix"

// niceness is that of the loader's thread: it gets a tenth of a processor that others want too. With less, the garbage
// collector, which stops all threads together, would have to wait for this one.
const niceness = 10

// yield lowers the priority of the thread. Where that is not allowed, loading is as important as all else.
func yield() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness) }
