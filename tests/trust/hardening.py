#!/usr/bin/python3
"""Says which protection a binary lacks. Exits 1 when it lacks one.

usage: hardening.py PROGRAM [--release]    with --release also what only an optimising compiler can put in
"""

import re
import subprocess
import sys


def told(program, *options):
    return subprocess.run(["readelf", "--wide", *options, program], capture_output=True, text=True, check=True).stdout


def lacks(header, segments, dynamic, symbols, release):
    """Pure: sentences, out of what readelf tells."""
    missing = []
    if not re.search(r"Type:\s+DYN", header) or not re.search(r"FLAGS_1.*\bPIE\b", dynamic):
        missing.append("it is no position-independent executable")
    if "GNU_RELRO" not in segments or not re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic):
        missing.append("its tables of addresses stay writable (full RELRO: -z relro -z now)")
    stack = re.search(r"GNU_STACK.*", segments)
    if not stack or re.search(r"\bRWE\b", stack[0]):
        missing.append("its stack is executable")
    if re.search(r"LOAD.*\bRWE\b", segments):
        missing.append("a segment is writable and executable")
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        missing.append("it says where to look for libraries (RPATH)")
    if "(TEXTREL)" in dynamic:
        missing.append("its code is written to at the start (TEXTREL)")
    if "__stack_chk_fail" not in symbols:
        missing.append("no function guards its stack (-fstack-protector-strong)")
    if release and not re.search(r"\b__(?!stack)\w+_chk\b", symbols):
        missing.append("no call checks its buffer (_FORTIFY_SOURCE)")
    if release and "__glibcxx_assert_fail" not in symbols:
        missing.append("the standard library's containers are not checked (_GLIBCXX_ASSERTIONS)")
    return missing


def main(program, *options):
    missing = lacks(told(program, "--file-header"), told(program, "--segments"), told(program, "--dynamic"),
                    told(program, "--dyn-syms"), "--release" in options)
    for one in missing:
        print(f"{program}: {one}", file=sys.stderr)
    if not missing:
        print(f"{program}: PIE, full RELRO, no executable stack, no RPATH, stack protector"
              + (", fortified, checked containers" if "--release" in options else ""))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
