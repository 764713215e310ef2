"""Long work as documents: queued, claimed for a while, done by a program, committed only by who holds it.

`job` is the state, `handler` what a service says about its jobs, `worker` who does them, `child` the program's side.
Nothing is imported here, so that programs start quickly.
"""
