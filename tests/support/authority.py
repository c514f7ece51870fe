"""Certificates of a test's own authority."""

import os
import ssl
import subprocess


class Certificates:
    """A private authority in a folder, made by the openssl program."""

    def __init__(self, folder):
        os.makedirs(folder)
        self._folder = folder
        self.ca = os.path.join(folder, "ca.pem")
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test-authority", "-days", "3",
                      "-keyout", "ca.key", "-out", "ca.pem")

    def issue(self, name, alt, days=60):
        """(certificate, key) for `alt` ("IP:127.0.0.1"); with negative days it has expired."""
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-addext",
                      f"subjectAltName={alt}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions",
                      "copy", "-days", str(days), "-out", f"{name}.pem")
        return os.path.join(self._folder, f"{name}.pem"), os.path.join(self._folder, f"{name}.key")

    def server(self, name, alt, days=60):
        """A server's end of TLS with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, alt, days))
        return context

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True,
                       stdin=subprocess.DEVNULL)
