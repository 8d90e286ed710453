#!/usr/bin/env python3
"""Makes engine/rules/lists.tsv anew: what public lists know beyond engine/rules/channels.tsv, which is kept by hand and wins.

    python3 scripts/arrival_rules.py LISTS >engine/rules/lists.tsv

LISTS is a folder with SearchEngines.yml, Socials.yml and AIAssistants.yml of matomo-org/searchengine-and-social-list, which is in
the public domain (CC0); as a checkout it tells its date. Needs PyYAML. The version in the first line is one above that of the file
that is there when the rest differs; engine/tests/rule_versions.rs then wants its new digest.
"""

import pathlib
import re
import subprocess
import sys

import yaml

RULES = pathlib.Path(__file__).resolve().parents[1] / "engine" / "rules"
WIDTH = 110

# Hosts of the lists that are left out, with the reason.
LEFT_OUT = {
    # Portals, shops and maps: the list means their search box alone, most links there are no search.
    "portal": """arcor.de msnbc.msn.com dizionario.it.msn.com enciclopedia.it.msn.com charter.net digg.com facebook.com friendfeed.com
        cnn.com fastweb.it wow.com optuszoo.com.au cgi2.nintendo.co.jp icq.com kataweb.it meinestadt.de myspace.com online.no
        skynet.be so-net.ne.jp talktalk.co.uk url.org web.nl weborama.fr maps.google.com maps.google.* toppreise.ch technorati.com
        rpmfind.net kadaza.com apollo.lv goyellow.de""",
    # What engine/rules/channels.tsv reads otherwise: the page inside, an assistant, a login.
    "other": "webcache.googleusercontent.com translate.google.com login.live.com alexa.com linkedin.android",
}


def hand_kept():
    """The patterns of channels.tsv: hosts with their subdomains or alone, stems under any country's suffix, first labels."""
    hosts, alone, stems, labels = set(), set(), set(), set()
    for line in (RULES / "channels.tsv").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        for pattern in line.split("\t")[2].split(", "):
            bare = pattern.lstrip("=$")
            if "/" in bare:
                continue
            if bare.endswith(".**"):
                labels.add(bare[:-3])
            elif bare.endswith(".*"):
                stems.add(bare[:-2])
            else:
                (alone if pattern.startswith("=") else hosts).add(bare)
    return hosts, alone, stems, labels


def above(name):
    """A name and the domains above it."""
    labels = name.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


def is_known(host, kept):
    """Whether the hand-kept file decides a host."""
    hosts, alone, stems, labels = kept
    if host.split(".")[0] in labels or host in alone or any(name in hosts for name in above(host)):
        return True
    stem = re.sub(r"\.(\*|com|[a-z]{2}|(com?|ne|or)\.[a-z]{2})$", "", host)
    return stem != host and any(name in stems for name in above(stem))


def hosts_of(urls):
    """The patterns of some addresses of the lists, which write a country as {}."""
    for url in urls:
        if "//" in url or "/" in url:
            continue
        host = url.lower()
        if host.startswith("{}."):
            host = host[3:]
        if host.endswith(".{}"):
            host = host[:-3] + ".*"
        host = host.removeprefix("www.")
        if "{" not in host and "." in host:
            yield host


def read(folder, name):
    return yaml.safe_load((folder / name).read_text(encoding="utf-8"))


def rows(folder):
    """Category, patterns, search parameters and charsets of all that the lists have."""
    for entries in read(folder, "SearchEngines.yml").values():
        for entry in entries:
            terms = [name for name in entry.get("params") or [] if name.strip() and not name.startswith("/")]
            charsets = [name.lower() for name in entry.get("charsets") or []]
            charsets = ["shift_jis" if name == "ms932" else name for name in charsets if name != "utf-8"]
            yield "search", entry["urls"], tuple(terms), tuple(charsets)
    for urls in read(folder, "Socials.yml").values():
        yield "social", urls, (), ()
    for urls in read(folder, "AIAssistants.yml").values():
        yield "ai", urls, (), ()


def lines(folder):
    """The rows of the file, those of one kind together."""
    kept = hand_kept()
    left_out = set(" ".join(LEFT_OUT.values()).split())
    seen, groups = set(), {}
    for category, urls, terms, charsets in rows(folder):
        for host in hosts_of(urls):
            if host not in seen and host not in left_out and not is_known(host, kept):
                seen.add(host)
                groups.setdefault((category, terms, charsets), []).append(host)
    for (category, terms, charsets), hosts in sorted(groups.items()):
        # A host below another of its own group says nothing new.
        hosts = sorted(host for host in hosts if not any(name in hosts for name in above(host)[1:]))
        part = []
        for host in hosts + [None]:
            if part and (host is None or sum(map(len, part)) + 2 * len(part) + len(host) > WIDTH):
                yield "\t".join([category, "-", ", ".join(part), ", ".join(terms) or "-", "-", ", ".join(charsets) or "-"])
                part = []
            part.append(host)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    dated = subprocess.run(["git", "-C", str(folder), "log", "-1", "--format=%cs %h"], capture_output=True, text=True, check=False)
    date = dated.stdout.strip() or "of an unknown date"
    body = [
        "# Made by scripts/arrival_rules.py; what is to be otherwise goes into channels.tsv, whose columns these are.",
        f"# Source: matomo-org/searchengine-and-social-list, {date}, public domain (CC0).",
        *lines(folder),
    ]
    path = RULES / "lists.tsv"
    there = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    version = int(there[0].removeprefix("# version: ")) if there else 0
    if there[1:] != body:
        version += 1
    print("\n".join([f"# version: {version}", *body]))


if __name__ == "__main__":
    main()
