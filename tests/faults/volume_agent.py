"""A volume agent beside a pod, behind a proxy that breaks."""

from component.small_pod import Pod
from component.volume.daemon import furnish, owner
from component.volume_agent_test import Agent
from component import volume_agent_test
from support.faulty_proxy import FaultyProxy

from .matrix import Bed, Cell, NotApplicable

ADDRESS = "127.0.17.5"


class VolumeAgent(Bed):
    """That an agent does not answer says nothing of the volume."""

    name = "volume agent"
    needs = ("volume",)
    interval = 3

    def make(self):
        content = self.path("content")
        furnish(content)
        volume_agent_test.PROGRAM = self.program
        agent = self.enter(Agent("--content-path", content)).ready()
        self.proxy = self.enter(FaultyProxy(("127.0.0.1", agent.port), ADDRESS))
        self.pod = Pod(ADDRESS)
        self.stack.callback(self.pod.close)

    def config(self):
        return {"pods": [{"name": "pod-1", "url": f"http://{ADDRESS}:{self.pod.address[1]}"}]}

    def settings(self):
        return {"volume": {"agent_port": self.proxy.port, "timeout": "2900ms", "ghost_uid": owner()}}

    def cells(self):
        proxy = self.proxy

        def cell(fault, begin, says):
            return Cell(fault, begin, proxy.mend, says)
        return [
            cell("refused", proxy.refuse, "refused"),
            cell("black hole", proxy.swallow, "no answer within"),
            cell("reset", proxy.reset, "reset|closed"),
            cell("slow", proxy.drip, "no answer within"),
            cell("garbage", proxy.garble, "HTTP"),
            NotApplicable("expired credential", "an agent asks for none"),
            NotApplicable("wrong TLS", "agents speak plain HTTP, in the cluster's own network"),
            cell("cut mid-answer", lambda: proxy.cut(200), "closed"),
            cell("flapping", proxy.flap, None),
        ]
