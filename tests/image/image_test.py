"""What is in the image, apart from running it."""

import json
import os
import re
import ssl
import stat
import subprocess
import unittest

from . import spdx
from .store import IMAGE

STORE = None                # set by run.py
MOST_BYTES = 60 * 1000 * 1000
SBOM = "/usr/share/doc/rollcall/sbom.spdx.json"


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = STORE.image_root()
        cls.addClassCleanup(STORE.podman, "image", "unmount", IMAGE)
        cls.about = json.loads(STORE.podman("image", "inspect", IMAGE).stdout)[0]
        cls.paths = [os.path.join(folder, name) for folder, folders, files in os.walk(cls.root)
                     for name in folders + files]

    def text(self, path):
        with open(self.root + path, encoding="utf-8") as file:
            return file.read()

    def programs(self):
        """What could be started, without shared libraries and the loader."""
        return {path[len(self.root):] for path in self.paths
                if os.path.isfile(path) and os.access(path, os.X_OK) and ".so" not in path}

    def test_it_is_smaller_than_60_megabytes(self):
        size = sum(os.lstat(path).st_size for path in self.paths if os.path.isfile(path)
                   and not os.path.islink(path))
        print(f"\n{size / 1e6:.1f} MB of files; the image is {self.about['Size'] / 1e6:.1f} MB; ",
              end="")
        self.assertLess(max(size, self.about["Size"]), MOST_BYTES)

    def test_the_program_is_all_that_can_be_started(self):
        self.assertEqual(self.programs(), {"/usr/bin/rollcall"})

    def test_nothing_belongs_to_anybody_or_gives_rights(self):
        for path in self.paths:
            about = os.lstat(path)
            name = path[len(self.root):]
            self.assertEqual((about.st_uid, about.st_gid), (0, 0), name)
            self.assertFalse(about.st_mode & (stat.S_ISUID | stat.S_ISGID), name)
            if stat.S_ISLNK(about.st_mode) or name == "/tmp":
                continue
            self.assertFalse(about.st_mode & 0o022, f"{name} can be written")
            self.assertTrue(about.st_mode & 0o004, f"{name} cannot be read by every user")

    def test_the_labels_say_what_it_is(self):
        labels = {name.removeprefix("org.opencontainers.image."): value
                  for name, value in self.about["Labels"].items()}
        version = STORE.run("version").stdout.split()[1]
        self.assertEqual(labels["version"], version, "see VERSION in the Dockerfile")
        self.assertEqual(labels["title"], "Rollcall")
        self.assertEqual(labels["revision"], "of-a-test")
        self.assertEqual(labels["source"], "https://example.org/rollcall")
        self.assertTrue(labels["licenses"] and labels["description"])

    def test_it_serves_as_a_user_without_rights_and_knows_its_health(self):
        config = self.about["Config"]
        self.assertEqual(config["User"], "1000:1000")
        self.assertEqual((config["Entrypoint"], config["Cmd"]), (["/usr/bin/rollcall"], ["serve"]))
        self.assertEqual(list(config["ExposedPorts"]), ["9868/tcp"])
        self.assertEqual(self.about["Healthcheck"]["Test"], ["CMD", "/usr/bin/rollcall", "health"])

    def test_the_bill_of_materials_is_valid_spdx(self):
        self.assertEqual(spdx.problems_of(json.loads(self.text(SBOM))), [])

    def test_the_bill_of_materials_lists_every_file_as_it_is(self):
        self.assertEqual(spdx.differences(json.loads(self.text(SBOM)), self.root, SBOM), [])

    def test_the_bill_of_materials_has_the_versions_that_dpkg_has(self):
        document = json.loads(self.text(SBOM))
        versions = {package["name"]: package["versionInfo"] for package in document["packages"]}
        status = self.root + "/var/lib/dpkg/status.d"
        for name in os.listdir(status):
            version = re.search("^Version: (.*)$", self.text(f"/var/lib/dpkg/status.d/{name}"), re.M)
            self.assertEqual(versions[name], version[1])
        for name in ("libc6", "libcurl4", "libmariadb3", "libssl3", "ca-certificates"):
            self.assertIn(name, os.listdir(status))
        self.assertIn("nlohmann-json3-dev", versions)
        self.assertEqual(versions["rollcall"], self.about["Labels"]["org.opencontainers.image.version"])

    def test_every_package_brings_its_licence(self):
        for name in os.listdir(self.root + "/var/lib/dpkg/status.d"):
            self.assertTrue(self.text(f"/usr/share/doc/{name}/copyright"), name)

    def test_the_checked_rules_find_a_broken_bill(self):
        document = json.loads(self.text(SBOM))
        document["files"][0]["checksums"] = []
        document["relationships"].pop()
        document["packages"][1]["SPDXID"] = "libc6"
        self.assertGreaterEqual(len(spdx.problems_of(document)), 3)
        document["files"].pop()
        self.assertNotEqual(spdx.differences(document, self.root, SBOM), [])

    def test_the_authorities_can_be_read(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.root + "/etc/ssl/certs/ca-certificates.crt")
        self.assertGreater(context.cert_store_stats()["x509_ca"], 100)

    def test_the_libraries_are_complete(self):
        loader = next(path[len(self.root):] for path in self.paths
                      if re.match(r"ld-linux.*\.so\.\d$", os.path.basename(path)))
        plugins = [path[len(self.root):] for path in self.paths if "/libmariadb3/plugin/" in path]
        self.assertGreaterEqual(len(plugins), 5)
        for path in ["/usr/bin/rollcall", *plugins]:
            done = subprocess.run(["/usr/sbin/chroot", self.root, loader, "--list", path],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("not found", done.stdout)
