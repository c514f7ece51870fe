"""The image's bill of materials: SPDX 2.3 as JSON."""

import hashlib
import json
import os
import re
import time
from urllib.parse import quote

# Only headers of theirs are used, so no file of theirs is in the image: their code is in the program.
COMPILED_IN = ("nlohmann-json3-dev", "libexpected-dev", "libcli11-dev")
_UNKNOWN = "NOASSERTION"
_PROGRAM = "SPDXRef-Package-rollcall"


def _id(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def _package(spdx_id, name, version, **more):
    return {"SPDXID": spdx_id, "name": name, "versionInfo": version,
            "downloadLocation": _UNKNOWN, "filesAnalyzed": False, "licenseConcluded": _UNKNOWN,
            "licenseDeclared": _UNKNOWN, "copyrightText": _UNKNOWN, **more}


def _debian_package(package, dpkg):
    name = package.partition(":")[0]
    version = dpkg.field(package, "Version")
    arch = dpkg.field(package, "Architecture")
    source = f"{dpkg.field(package, 'source:Package')} {dpkg.field(package, 'source:Version')}"
    purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={arch}&distro=debian-12"
    return _package(_id("Package", name), name, version,
                    supplier="Organization: Debian",
                    sourceInfo=f"built from Debian's source package {source}",
                    comment=f"licence: /usr/share/doc/{name}/copyright",
                    externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                   "referenceLocator": purl}])


def _file(number, root, path):
    with open(root + path, "rb") as file:
        content = file.read()
    return {"SPDXID": f"SPDXRef-File-{number}", "fileName": "." + path,
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                          {"algorithm": "SHA256",
                           "checksumValue": hashlib.sha256(content).hexdigest()}],
            "licenseConcluded": _UNKNOWN, "copyrightText": _UNKNOWN}


def _relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def write_sbom(root, where, owners, dpkg, version, revision):
    """Writes root + `where`; `owners` maps each path of the image to its Debian package or None."""
    packages = sorted({owner for owner in owners.values() if owner})
    listed = [_package(_PROGRAM, "rollcall", version, sourceInfo=f"revision {revision}",
                       primaryPackagePurpose="APPLICATION")]
    listed += [_debian_package(package, dpkg) for package in packages + list(COMPILED_IN)]
    relations = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", _PROGRAM)]
    for package in packages:
        relations.append(_relation(_PROGRAM, "DEPENDS_ON", _id("Package", package.partition(":")[0])))
    for package in COMPILED_IN:
        relations.append(_relation(_PROGRAM, "STATIC_LINK", _id("Package", package)))
    files = []
    for path in sorted(path for path in owners if not os.path.islink(root + path)):
        files.append(_file(len(files) + 1, root, path))
        owner = owners[path]
        owner_id = _id("Package", owner.partition(":")[0]) if owner else _PROGRAM
        relations.append(_relation(owner_id, "CONTAINS", files[-1]["SPDXID"]))
    fingerprint = hashlib.sha256(json.dumps([listed, files]).encode()).hexdigest()[:32]
    now = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"rollcall-image-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/rollcall-image-{version}-{fingerprint}",
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
                         "creators": ["Tool: rollcall-image-sbom"]},
        "comment": "Lists every regular file of the image but this document itself.",
        "packages": listed, "files": files, "relationships": relations}
    with open(root + where, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
