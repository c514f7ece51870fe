"""A command as a check, that does what a file says."""

from component.small_pod import Pod

from .matrix import Bed, Cell, NotApplicable

# Each is what the command does; it takes half a second at most when it is well.
WELL = "echo fine"
HANGS = "trap '' TERM; setsid sleep 300 & sleep 300"
DIES = "kill -9 $$"
DRIPS = "while :; do printf x; sleep 0.2; done"
BABBLES = "while :; do printf '\\377\\033[2J\\000'; done"
LOCKED_OUT = "echo 'login refused'; exit 3"
CUT = "printf 'half a li'; exec >&- 2>&-; kill -SEGV $$"


class Exec(Bed):
    name = "a command"
    needs = ("exec",)

    def make(self):
        self.script = self.path("command")
        self.do(WELL)
        self.pod = Pod()
        self.stack.callback(self.pod.close)

    def config(self):
        return {"pods": [{"name": "pod-1", "url": f"http://127.0.0.1:{self.pod.address[1]}"}],
                "commands": [{"name": "ours", "argv": ["/bin/sh", self.script], "timeout": "1500ms", "max_output": 4096},
                             {"name": "theirs", "argv": ["/bin/true"]}]}

    def settings(self):
        return {"exec": {"timeout": "1900ms"}}

    def do(self, what):
        self.write("command", what + "\n")

    def cells(self):
        def cell(fault, what, says):
            return Cell(fault, lambda: self.do(what), lambda: self.do(WELL), says)
        return [
            cell("refused", "exec /nothing/there", "127|126|exit"),
            cell("black hole", HANGS, "had not ended after 1"),
            cell("reset", DIES, "signal|killed"),
            cell("slow", DRIPS, "had not ended after 1"),
            cell("garbage", BABBLES, "4096|output|bytes"),
            cell("expired credential", LOCKED_OUT, "login refused"),
            NotApplicable("wrong TLS", "a command's connections are its own: it exits 3, as with an expired credential"),
            cell("cut mid-answer", CUT, "signal|killed"),
            cell("flapping", f"[ $(( $(date +%s) / 2 % 2 )) = 0 ] && {DIES}; {WELL}", None),
        ]
