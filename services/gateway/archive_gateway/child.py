"""Runs one part so that it cannot outlive its supervisor:
`python -m archive_gateway.child PID NICENESS MODULE ARGUMENT…`.

The kernel is asked to kill this process when its parent dies (prctl(2), PR_SET_PDEATHSIG; Linux only). It is a
process of its own start rather than a `preexec_fn`, which may deadlock beside the supervisor's threads.
"""

import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the module."""
    supervisor, niceness, module, *arguments = sys.argv[1:]
    die_with(int(supervisor))
    os.nice(int(niceness))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def die_with(parent: int) -> None:
    """Be killed as soon as the parent process ends, even if it is killed itself."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel knew
        sys.exit("the supervisor is gone")


if __name__ == "__main__":
    main()
