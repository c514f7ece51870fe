"""The lab's command line: see _EXAMPLES."""

import argparse
import http.client
import json
import os
import signal
import sys
import time

from . import pods
from . import processes
from . import state
from .common import LabError, progress
from .testbed import Lab

_DEFAULT_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "lab")

_EXAMPLES = """examples:
  lab.py up --ghost 5.130.6 --pods 3      three pods of the last Ghost 5
  lab.py publish 'Hello' --pod 1          a post, published through pod 1
  lab.py status                           who runs where, and what answers
  lab.py restart-pod 2                    the cure for a stale pod
  lab.py sql 'SELECT slug FROM posts'     as administrator of the database
  lab.py db freeze                        a database that hangs (thaw ends it)
  lab.py down                             ends every process, keeps the files
  lab.py wipe                             and removes the files too

exit codes: 0 done, 1 failed, 64 wrong arguments, 130 interrupted"""


def main(argv=None):
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        arguments.run(arguments)
        return 0
    except KeyboardInterrupt:
        progress("interrupted; nothing that was half started is left")
        return 130
    except LabError as error:
        progress(f"error: {error}")
    except OSError as error:
        progress(f"error: {error}")
    return 1


def _as_interrupt(number, frame):
    raise KeyboardInterrupt


def _up(arguments):
    began = time.monotonic()
    config = _read_config(arguments.config) if arguments.config else {}
    lab = Lab.up(arguments.ghost, arguments.pods, arguments.dir, config, arguments.url, tie_to_parent=False)
    progress(f"up in {time.monotonic() - began:.1f} s: {lab.state['site']['front_url']}")
    print(os.path.join(lab.dir, "state.json"))


def _read_config(path):
    try:
        with open(path, encoding="utf-8") as source:
            config = json.load(source)
    except OSError as error:
        raise LabError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise LabError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(config, dict):
        raise LabError(f"{path} must hold one JSON object")
    return config


def _status(arguments):
    lab = Lab(arguments.dir).state
    site, database = lab["site"], lab["database"]
    print(f"Ghost {lab['ghost']}  {site['url']}")
    rows = [("front", site["front_url"], site, "")]
    rows += [(pod["name"], pod["url"], pod, _answer(pod, site)) for pod in lab["pods"]]
    rows += [("database", f"127.0.0.1:{database['port']}", database, "")]
    for name, address, process, answer in rows:
        print(f"{name:9} {address:24} pid {process.get('pid') or '-':<8} "
              f"{processes.process_state(process):8} {answer}".rstrip())


def _answer(pod, site):
    if processes.process_state(pod) != "running":
        return ""
    url = site.get("admin_url") or site["url"]
    path = url.partition("://")[2].partition("/")[2]
    path = (f"/{path}" if path else "") + "/ghost/api/admin/site/"
    try:
        return f"{pods.request(pod['address'], url, 'GET', path, timeout=3).status} /ghost/api/admin/site/"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"


def _start_pod(arguments):
    Lab(arguments.dir).start_pod(arguments.number)


def _stop_pod(arguments):
    Lab(arguments.dir).stop_pod(arguments.number)


def _restart_pod(arguments):
    Lab(arguments.dir).restart_pod(arguments.number)


def _sql(arguments):
    statements = arguments.statement if arguments.statement is not None else sys.stdin.read()
    print(Lab(arguments.dir).sql_text(statements), end="")


def _publish(arguments):
    post = Lab(arguments.dir).api(arguments.pod).create_post(arguments.title)
    print(post["url"])


def _db(arguments):
    lab = Lab(arguments.dir)
    {"start": lab.db_start, "stop": lab.db_stop, "kill": lab.db_kill,
     "freeze": lab.db_freeze, "thaw": lab.db_thaw}[arguments.action]()


def _down(arguments):
    Lab(arguments.dir).down()


def _wipe(arguments):
    if os.path.exists(state.state_file(arguments.dir)):
        Lab(arguments.dir).down()
    state.wipe_folder(arguments.dir)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(64, f"lab: error: {message}\n")


def _pod_number(text):
    digits = text[4:] if text.startswith("pod-") else text
    if not digits.isdigit() or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no pod; write 2 or pod-2")
    return int(digits)


def _count(text):
    if not text.isdigit() or not 1 <= int(text) <= 20:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of pods (1 to 20)")
    return int(text)


def _parser():
    parser = _Parser(prog="lab", description="Real Ghost pods on one database and one content folder.",
                     epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--dir", default=_DEFAULT_DIR, help="where the lab lives (default: build/lab)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name, run, help):
        made = commands.add_parser(name, parents=[common], help=help, description=help)
        made.set_defaults(run=run)
        return made

    up = command("up", _up, "start a lab; prints the path of its state file")
    up.add_argument("--ghost", required=True, metavar="VERSION", help="5.130.6, 6.56.0, 6.65.0, ...")
    up.add_argument("--pods", type=_count, default=3, metavar="N")
    up.add_argument("--config", metavar="FILE", help="JSON merged into every pod's Ghost config")
    up.add_argument("--url", help="the site's url (default: the front's address)")
    command("status", _status, "show every part and what answers")
    for name, run, help in (("start-pod", _start_pod, "boot a stopped pod"), ("stop-pod", _stop_pod, "end a pod"),
                            ("restart-pod", _restart_pod, "end and boot a pod; returns when it is ready")):
        command(name, run, help).add_argument("number", type=_pod_number, metavar="N")
    command("sql", _sql, "run SQL as administrator").add_argument(
        "statement", nargs="?", help="default: standard input")
    publish = command("publish", _publish, "publish a post through one pod; prints its address")
    publish.add_argument("title")
    publish.add_argument("--pod", type=_pod_number, default=1, metavar="N")
    command("db", _db, "stop, kill, start, freeze or thaw the database").add_argument(
        "action", choices=("stop", "kill", "start", "freeze", "thaw"))
    command("down", _down, "end every process of the lab, keep its files")
    command("wipe", _wipe, "end it and remove its folder")
    return parser

