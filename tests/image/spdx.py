"""What is wrong with an SPDX 2.3 document (JSON), and how it compares with the files it lists."""

import hashlib
import os
import re

_ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+$")
_DOCUMENT_FIELDS = ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace",
                    "creationInfo", "packages", "files", "relationships")
_PACKAGE_FIELDS = ("SPDXID", "name", "versionInfo", "downloadLocation", "licenseConcluded",
                   "licenseDeclared", "copyrightText")
_RELATIONSHIPS = {"DESCRIBES", "CONTAINS", "DEPENDS_ON", "STATIC_LINK"}
_SHA1 = re.compile(r"[0-9a-f]{40}$")


def problems_of(document):
    """One sentence for each rule of SPDX 2.3 that the document breaks."""
    missing = [field for field in _DOCUMENT_FIELDS if field not in document]
    if missing:
        return [f"the document lacks {missing}"]
    problems = list(_head_problems(document))
    elements = document["packages"] + document["files"]
    known = [element.get("SPDXID", "") for element in elements] + [document["SPDXID"]]
    problems += [f"{spdx_id!r} is no identifier" for spdx_id in known if not _ID.match(spdx_id)]
    problems += [f"{spdx_id} is given twice" for spdx_id in set(known) if known.count(spdx_id) > 1]
    for package in document["packages"]:
        problems += _package_problems(package)
    for file in document["files"]:
        problems += _file_problems(file)
    return problems + _relation_problems(document, set(known))


def _head_problems(document):
    if document["spdxVersion"] != "SPDX-2.3" or document["dataLicense"] != "CC0-1.0":
        yield "the version or the data licence is not SPDX 2.3's"
    if document["SPDXID"] != "SPDXRef-DOCUMENT":
        yield "the document has another identifier than SPDXRef-DOCUMENT"
    if not re.match(r"https://[^#\s]+$", document["documentNamespace"]):
        yield "the namespace is no URI without a fragment"
    created = document["creationInfo"].get("created", "")
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", created):
        yield f"created {created!r} is no UTC time"
    makers = document["creationInfo"].get("creators", [])
    if not makers or not all(re.match(r"(Tool|Person|Organization): \S", one) for one in makers):
        yield "the creators are not named as SPDX does"


def _package_problems(package):
    name = package.get("name")
    problems = [f"package {name} lacks {field}" for field in _PACKAGE_FIELDS if not package.get(field)]
    if package.get("filesAnalyzed") is not False:
        problems.append(f"package {name} must not claim that its files were analysed")
    for reference in package.get("externalRefs", []):
        if not re.match(r"pkg:deb/debian/[a-z0-9.%A-Z-]+@[^\s?]+\?arch=\w+&distro=debian-\d+$",
                        reference["referenceLocator"]):
            problems.append(f"package {name}: {reference['referenceLocator']} is no purl")
    return problems


def _file_problems(file):
    sums = {one["algorithm"]: one["checksumValue"] for one in file.get("checksums", [])}
    problems = []
    if not _SHA1.match(sums.get("SHA1", "")):
        problems.append(f"{file.get('fileName')} lacks the SHA1 that SPDX requires")
    if not file.get("fileName", "").startswith("./"):
        problems.append(f"{file.get('fileName')} is not relative")
    return problems


def _relation_problems(document, known):
    problems = []
    for one in document["relationships"]:
        if one["relationshipType"] not in _RELATIONSHIPS:
            problems.append(f"unknown relationship {one['relationshipType']}")
        problems += [f"a relationship names {spdx_id}, which is not there"
                     for spdx_id in (one["spdxElementId"], one["relatedSpdxElement"])
                     if spdx_id not in known]
    owned = [one["relatedSpdxElement"] for one in document["relationships"]
             if one["relationshipType"] == "CONTAINS"]
    problems += [f"{file['fileName']} belongs to {owned.count(file['SPDXID'])} packages"
                 for file in document["files"] if owned.count(file["SPDXID"]) != 1]
    if not any(one["relationshipType"] == "DESCRIBES" for one in document["relationships"]):
        problems.append("the document describes nothing")
    return problems


def differences(document, root, itself):
    """What the document says of files that is not so below `root`; `itself` cannot be listed."""
    listed = {file["fileName"][1:]: file for file in document["files"]}
    there = {path for path in _regular_files(root) if path != itself}
    wrong = [f"{path} is in the image and not in the document" for path in there - listed.keys()]
    wrong += [f"{path} is in the document and not in the image" for path in listed.keys() - there]
    for path in there & listed.keys():
        with open(root + path, "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        if {"algorithm": "SHA256", "checksumValue": found} not in listed[path]["checksums"]:
            wrong.append(f"{path} has another content than the document says")
    return wrong


def _regular_files(root):
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                yield path[len(root):]
