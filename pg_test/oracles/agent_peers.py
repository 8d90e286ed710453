#!/usr/bin/env python3
"""Puts is_bot and device beside the fixtures of other projects, and beside their own programs on the same texts.

    URL=… PGBIN=… python3 pg_test/oracles/agent_peers.py [--peers] [--wrong FILE]

URL names a database with mrcall_ext. The packages are installed into build/venv-agents on first use; --peers tries the others'
programs, too (isbot only where node and npm are there). --wrong writes the texts that came out wrong.

The fixtures, each text once:
- crawler-user-agents (PyPI): instances of crawlers.
- device-detector (PyPI), the fixtures of matomo/device-detector: bots.yml, and what is on a device by the kind of that. Left out
  are texts that come with client hints, which say what the text does not.
- crawlerdetect (PyPI): it gave words to engine/rules/agents_made.tsv, so its own lists are no test. A crawler is "unseen" when no
  text of it is in that list.

How the kinds of devices map: smartphone, phablet, feature phone, portable media player, camera, wearable are mobile; tablet and
smart display tablet; tv, and a console that is not held in the hand, tv. Smart speakers, peripherals, car browsers, handheld consoles
that DD calls consoles, and texts without a kind are not compared.

All lists are cut into halves by the last bit of the first byte of a text's SHA-256: what came out wrong in one half has been looked at
while the rules were written, the other half is the test.
"""

import argparse
import csv
import glob
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / "build" / "venv-agents"
PACKAGES = ["device-detector==6.5.1", "crawler-user-agents==1.67.0", "crawlerdetect==0.4.2", "pyyaml==6.0.3"]
ISBOT = "5.2.3"
CLASSES = {"smartphone": "mobile", "phablet": "mobile", "feature phone": "mobile", "portable media player": "mobile", "camera": "mobile",
           "wearable": "mobile", "tablet": "tablet", "smart display": "tablet", "tv": "tv", "console": "tv", "desktop": "desktop"}
IN_HAND = ["3ds", "vita", "portable", "dsi", "jxd", "switch", "shield", "gpd", "nintendo ds", "steam", "retroid", "odin", "ayn"]


def inside_venv():
    """Goes on inside the private environment, which it makes when it is missing."""
    if pathlib.Path(sys.prefix) == VENV:
        return
    if not (VENV / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = str(VENV / "bin" / "pip")
        subprocess.run([pip, "install", "-q", *PACKAGES], check=True)
        # Its lists of texts are in the source package alone.
        subprocess.run([pip, "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(VENV), PACKAGES[2]], check=True)
        (VENV / "done").touch()
    os.execv(str(VENV / "bin" / "python"), [str(VENV / "bin" / "python"), __file__, *sys.argv[1:]])


def package(name):
    """The folder of an installed package."""
    (folder,) = glob.glob(str(VENV / "lib" / "python*" / "site-packages" / name))
    return pathlib.Path(folder)


def half(text):
    """The half that a text belongs to."""
    return "tuned" if hashlib.sha256(text.encode()).digest()[0] % 2 == 0 else "test"


def fixtures():
    """Rows: what is measured, the answer that is wanted, the text."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    (archive,) = VENV.glob("crawlerdetect-*.tar.gz")
    with tarfile.open(archive) as tar:
        (member,) = [name for name in tar.getnames() if name.endswith("fixtures/user_agent/crawlers.txt")]
        seen = set(tar.extractfile(member).read().decode(errors="replace").splitlines())
    rows, known = [], set()

    def add(what, wanted, text):
        if (what, text) not in known and "\x00" not in text:
            known.add((what, text))
            rows.append((what, wanted, text))

    with open(package("crawleruseragents") / "crawler-user-agents.json", encoding="utf-8") as file:
        for entry in json.load(file):
            instances = entry.get("instances", [])
            for text in instances:
                add("bots: crawler-user-agents", "bot", text)
                add(f"bots: crawler-user-agents, {half(text)} half", "bot", text)
                if not seen & set(instances):
                    add("bots: crawler-user-agents, unseen", "bot", text)
    for path in sorted(package("device_detector").glob("tests/fixtures/upstream/**/*.yml")):
        for row in yaml.load(path.read_text(encoding="utf-8"), loader):
            text, kind = row["user_agent"], (row.get("device") or {}).get("type") or ""
            if "bot" in row:
                add("bots: device-detector", "bot", text)
                add(f"bots: device-detector, {half(text)} half", "bot", text)
                if text not in seen:
                    add("bots: device-detector, unseen", "bot", text)
            elif not row.get("headers"):
                if (row.get("client") or {}).get("type") == "browser":
                    add("no bots: device-detector's browsers", "no bot", text)
                wanted = CLASSES.get(kind)
                if wanted and not (kind == "console" and any(word in text.lower() for word in IN_HAND)):
                    add(f"device: {wanted}, {half(text)} half", wanted, text)
                    add(f"device: all, {half(text)} half", wanted, text)
    return rows


def ours(texts):
    """What is_bot and device say, in the order of the texts."""
    data = io.StringIO()
    csv.writer(data).writerows(enumerate(texts))
    script = ("CREATE TEMP TABLE u (n int, t text);\n\\copy u FROM STDIN (FORMAT csv)\n" + data.getvalue() + "\\.\n"
              "SELECT mrcall.is_bot(t), mrcall.device(t) FROM u ORDER BY n;\n")
    command = [os.path.join(os.environ["PGBIN"], "psql"), "-X", "-q", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", os.environ["URL"]]
    done = subprocess.run(command, input=script, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def isbot(texts):
    """What npm's isbot says, None without npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    if not (VENV / "package" / "index.js").exists():
        subprocess.run(["npm", "pack", "-s", f"isbot@{ISBOT}"], cwd=VENV, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(VENV / f"isbot-{ISBOT}.tgz") as tar:
            tar.extractall(VENV, filter="data")
    script = ("const {isbot} = require(process.argv[1]); "
              "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(t => isbot(t))))")
    done = subprocess.run(["node", "-e", script, str(VENV / "package" / "index.js")], input=json.dumps(texts), check=True,
                          capture_output=True, encoding="utf-8")
    return json.loads(done.stdout)


def crawlerdetect(texts):
    """What crawlerdetect says."""
    from crawlerdetect import CrawlerDetect

    detect = CrawlerDetect()
    return [bool(detect.isCrawler(text)) for text in texts]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--wrong")
    options = parser.parse_args()
    inside_venv()
    rows = fixtures()
    texts = list(dict.fromkeys(text for _, _, text in rows))
    answers = dict(zip(texts, ours(texts)))
    peers = {}
    if options.peers:
        peers = {"isbot": isbot(texts), "crawlerdetect": crawlerdetect(texts)}
        peers = {name: dict(zip(texts, found)) for name, found in peers.items() if found}
    counts, wrong = {}, []
    for what, wanted, text in rows:
        is_bot, device = answers[text]
        right = {"mrcall": (is_bot == "t") == (wanted == "bot") if "bots:" in what else device == wanted}
        if "bots:" in what:
            right |= {name: found[text] == (wanted == "bot") for name, found in peers.items()}
        count = counts.setdefault(what, {})
        count["texts"] = count.get("texts", 0) + 1
        for name, is_right in right.items():
            count[name] = count.get(name, 0) + is_right
        if not right["mrcall"]:
            wrong.append((what, wanted, is_bot, device, text))
    print("| what | texts | right |" + "".join(f" {name} |" for name in peers))
    print("|---|---|---|" + "---|" * len(peers))
    for what, count in sorted(counts.items()):
        shares = [f" {100 * count[name] / count['texts']:.2f} % |" if name in count else " |" for name in ("mrcall", *peers)]
        print(f"| {what} | {count['texts']:,} |" + "".join(shares))
    if options.wrong:
        with open(options.wrong, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t").writerows(wrong)


if __name__ == "__main__":
    main()
