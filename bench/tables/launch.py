"""launch.py COMMAND...: runs it and prints its exit code, the seconds from its start to its end, and its peak memory in bytes.

What a process needed at most is never less than what the process that made it had at that moment: so this is a small one of its
own (python -I -S, some 8 MB), and what it imports is little. Output of the command goes into the files "out" and "err".
"""

import os
import sys
import time


def main():
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, number, name, write, 0o644) for number, name in ((1, "out"), (2, "err"))]
    begin = time.perf_counter()
    child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    print(os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss * 1024)


if __name__ == "__main__":
    main()
