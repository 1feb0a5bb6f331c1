"""Judges chains with pyca/cryptography: a case on each line of standard input, an answer on each of standard output.

A case is: seconds since 1970, host or "-", leaf, intermediates, anchors; by tabs, DER in hex, lists by commas.
"""

import datetime
import ipaddress
import sys
import warnings

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

warnings.simplefilter("ignore")


def read(text):
    return x509.load_der_x509_certificate(bytes.fromhex(text))


def read_list(text):
    """Those that can be read, and why another cannot."""
    found, lost = [], None
    for part in text.split(","):
        if part == "":
            continue
        try:
            found.append(read(part))
        except Exception as error:
            lost = error
    return found, lost


def judge(line):
    seconds, host, leaf, intermediates, anchors = line.split("\t")
    try:
        end = read(leaf)
    except Exception as error:
        raise ValueError(f"leaf: {error}") from error
    roots, lost = read_list(anchors)
    if not roots:
        raise ValueError(f"anchor: {lost}")
    others, lost_other = read_list(intermediates)
    try:
        name = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        name = x509.DNSName(host)
    moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    builder = PolicyBuilder().store(Store(roots)).time(moment.replace(tzinfo=None))
    try:
        builder.build_server_verifier(name).verify(end, others)
    except Exception as error:
        more = f"; anchor: {lost}" if lost else f"; intermediate: {lost_other}" if lost_other else ""
        raise ValueError(f"{error}{more}") from error


def main():
    for line in sys.stdin:
        try:
            judge(line.rstrip("\n"))
            print("yes", flush=True)
        except BaseException as error:
            text = " ".join(str(error).split())
            print(f"no\t{text or type(error).__name__}", flush=True)


main()
