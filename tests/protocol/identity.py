"""Keys, certificates and pins, docs/protocol.md "Transport"."""
import base64
import hashlib
import ssl
import subprocess
from pathlib import Path

def der_value(data, at=0):
    """Where the value of the DER element at an offset begins and ends."""
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        begin += length & 0x7f
        length = int.from_bytes(data[at + 2:begin], 'big')
    return begin, begin + length


def pin_of(certificate):
    """SHA-256 of the SubjectPublicKeyInfo of a DER certificate: the seventh element of what is signed."""
    at, _ = der_value(certificate)      # Certificate
    at, _ = der_value(certificate, at)  # TBSCertificate
    for _ in ('version', 'serial', 'algorithm', 'issuer', 'validity', 'subject'):
        _, at = der_value(certificate, at)
    return hashlib.sha256(certificate[at:der_value(certificate, at)[1]]).digest()


class Identity:
    """A key and its certificate in one PEM file."""

    def __init__(self, file):
        self.file = Path(file)
        pem = self.file.read_text()
        self.certificate = pem[pem.index('-----BEGIN CERTIFICATE'):]
        self.pin = pin_of(ssl.PEM_cert_to_DER_cert(self.certificate))

    @classmethod
    def make(cls, file, algorithm='ed25519'):
        key, certificate = (Path(f'{file}.{part}') for part in ('key', 'crt'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', algorithm, '-nodes', '-days', '2', '-subj', '/CN=python',
                        '-keyout', key, '-out', certificate], check=True, capture_output=True)
        Path(file).write_text(key.read_text() + certificate.read_text())
        return cls(file)

    @property
    def pin_text(self):
        return 'sha256:' + base64.b64encode(self.pin).decode()

    def context(self, peer, dialling):
        """TLS as "Transport" wants it. Python asks for a certificate only if it can verify it: the peer's is its own authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if dialling else ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.file)
        context.load_verify_locations(cadata=peer.certificate)
        context.set_alpn_protocols(['tsmtp/1'])
        if not dialling:
            context.num_tickets = 0
        return context
