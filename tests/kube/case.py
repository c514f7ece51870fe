"""What every test with the fake API begins with."""

import shutil
import tempfile
import unittest

from tests.kube.fake_api import FakeApi
from tests.kube.program import Account
from tests.kube.world import World


class ApiCase(unittest.TestCase):
    """A fake API of its own, an empty world and a service account, gone with the test."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-kube-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.api = FakeApi(self.folder)
        self.api.__enter__()
        self.addCleanup(self.api.__exit__)
        self.world = World(self.api.store)
        self.account = Account(self.api, self.folder)
