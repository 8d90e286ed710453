#!/usr/bin/env python3
"""Makes engine/rules/agents_made.tsv anew: the words of programs that other lists know.

    python3 scripts/agent_rules.py

Two packages from PyPI, whose licences allow it (engine/rules/LICENSES):
- crawlerdetect: the names of crawlers, scanners, monitors and libraries, from regular expressions. Those that are words become
  words here, the others are left out. A word must begin where a word begins; a short one must end there, too. A word that one of the
  package's own list of devices contains is left out.
- ai-crawler-index: crawlers by what they are for, with who runs them.

What is in engine/rules/agents.tsv by hand wins over this.
"""

import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
OWN = ROOT / "engine" / "rules" / "agents.tsv"
OUT = ROOT / "engine" / "rules" / "agents_made.tsv"
VERSION = 1
CRAWLERDETECT = "0.4.2"
INDEX = "1.3.0"
DATE = "2026-11-30"

# What the index's categories are here. Its tools and previews are programs, but no crawlers.
KINDS = {"user-fetch": "ai_agent", "ai-training": "ai_crawler", "ai-search": "ai_crawler", "dataset": "ai_crawler", "search": "crawler",
         "seo": "crawler", "archive": "crawler", "preview": "bot", "tool": "bot"}
# A calendar that a person subscribes to asks no assistant; "YaK" is too short for a name.
NOT_IN_INDEX = {"YandexCalendar", "YaK", "Yeti"}
# Words that are names of phones, of browsers or of the apps in which people read; each was found in a real user agent.
NOT_WORDS = {"akregator", "androiddownloadmanager", "demon", "excel/", "liferea/", "libvlc", "macoutlook/", "mail/", "microsoft office",
             "microsoft outlook", "netnewswire", "newsblur", "outlook-express", "outlook-ios", "podcastaddict/", "powerpoint/",
             "qqdownload", "reeder/", "reederformac", "speedy", "webster", "word/"}
# Our words that make a text that of a program by themselves.
DECIDE = {"ai_agent", "ai_crawler", "crawler", "bot", "walks", "program", "library"}
# A shorter word must also end where a word ends.
LONG = 5


def fetch(folder):
    """Both packages, unpacked; once."""
    if list(folder.glob("*.tar.gz")):
        return
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
    subprocess.run([*pip, "--no-binary", ":all:", f"crawlerdetect=={CRAWLERDETECT}", f"ai-crawler-index=={INDEX}"], check=True)
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")


def one(folder, pattern):
    """The only file of that name."""
    (path,) = folder.glob(pattern)
    return path


def words_of(expressions):
    """The expressions that are words, as words of ours."""
    for expression in expressions:
        for part in expression.split("|") if "(" not in expression else [expression]:
            start = "^" if part.startswith("^") else ""
            text = re.sub(r"(\[0-9\]|\[0-9\\\.\]|\\d\+?|\$|\[ \\/\]\[0-9\])\+?$", "", part.removeprefix("^"))
            text = re.sub(r"\\([^A-Za-z0-9])", r"\1", text)
            if re.search(r"[\[\]\\*+?{}|^$]", re.sub(r"\\.", "", part.removeprefix("^").removesuffix("$").removesuffix("[0-9]"))) \
                    or "," in text or "\t" in text or len(text) < 3:
                continue
            text = text.strip().lower()
            yield f"{start}{text}{'*' if len(text) >= LONG and text[-1:].isalpha() else ''}"


def matches(word):
    """The regular expression of a word of ours."""
    text = word.removeprefix("^").strip("*")
    ends = {True: (r"(?<![a-z])", r"(?![a-z])"), False: (r"(?<!\d)", r"(?!\d)")}
    free = not text[0].isalnum() or word.startswith("*")
    left = "^" if word.startswith("^") else "" if free else ends[text[0].isalpha()][0]
    right = "" if word.endswith("*") or not text[-1].isalnum() else ends[text[-1].isalpha()][1]
    return re.compile(left + re.escape(text) + right, re.M)


def main():
    folder = ROOT / "build" / f"agent_rules-{CRAWLERDETECT}-{INDEX}"
    fetch(folder)
    spec = importlib.util.spec_from_file_location("crawlers", one(folder, "crawlerdetect-*/**/providers/crawlers.py"))
    crawlers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(crawlers)
    devices = one(folder, "crawlerdetect-*/tests/fixtures/user_agent/devices.txt").read_text(encoding="utf-8", errors="replace").lower()
    # The names of models say nothing, as in the engine.
    devices = re.sub(r"(android [\d.]+; (?:[a-z]{2}[-_][a-z]{2}; )?)[^;)]*", r"\1", devices)
    index = json.loads(one(folder, "ai_crawler_index-*/src/ai_crawler_index/data.json").read_text(encoding="utf-8"))
    lines = []
    for entry in sorted(index["crawlers"], key=lambda entry: (list(KINDS).index(entry["category"]), -len(entry["robots_token"]))):
        if entry["name"] not in NOT_IN_INDEX and entry["name"].isascii():
            kind = KINDS[entry["category"]]
            name = entry["operator"] if kind.startswith("ai_") else entry["name"]
            lines.append(f"{kind}\t{name}\t{entry['robots_token'].lower()}")
    known = {line.split("\t")[2] for line in lines}
    rows = [line.split("\t") for line in OWN.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    known |= {word.removeprefix("^").strip("*") for row in rows for word in row[2].split(", ")}
    decides = [matches(word) for row in rows if row[0] in DECIDE for word in row[2].split(", ")]
    words, left = [], []
    for word in dict.fromkeys(words_of(crawlers.data if hasattr(crawlers, "data") else crawlers.Crawlers.data)):
        bare = word.removeprefix("^").removesuffix("*")
        # What holds a word of ours is found by that.
        if bare in known or bare in NOT_WORDS or any(own.search(f" {bare}{'x' if word.endswith('*') else ' '}") for own in decides):
            continue
        if bare in devices and matches(word).search(devices):
            left.append(word)
            continue
        words.append(word)
    print(f"{len(lines)} names, {len(words)} words; in devices: {', '.join(left)}")
    header = [f"# version: {VERSION}",
              f"# Made by scripts/agent_rules.py on {DATE} from the packages crawlerdetect {CRAWLERDETECT} (MIT) and "
              f"ai-crawler-index {INDEX}",
              "# (CC0-1.0): licences in the file LICENSES beside this one. The columns are those of agents.tsv."]
    row, rows = "", []
    for word in sorted(words):
        if len(row) + len(word) > 120:
            rows.append(row)
            row = ""
        row += (", " if row else "") + word
    rows.append(row)
    OUT.write_text("\n".join(header + lines + [f"bot\t-\t{row}" for row in rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
