#!/usr/bin/env python3
"""Puts mrcall.arrival beside what other tools know: their lists of sites and the cases of their tests.

    URL=… PGBIN=… python3 pg_test/oracles/arrival_peers.py [--show] PEERS

URL names a database with mrcall_ext. PEERS is a folder with what is to be compared; what is not there is left out. Nothing of it is
copied into the project; only Matomo's lists, which are in the public domain, may be, by scripts/arrival_rules.py.
- matomo/          SearchEngines.yml, Socials.yml, AIAssistants.yml of matomo-org/searchengine-and-social-list
- referer-parser/  referers.yml, referer-tests.json of snowplow-referer-parser/referer-parser (resources)
- snowplow/        ga4_source_categories.csv: Google's list with Snowplow's additions, of snowplow/dbt-snowplow-unified (seeds)
- plausible/       acquisition_test.exs of plausible/analytics (test/plausible/ingestion)
- posthog/         channel_definitions.json of PostHog/posthog (posthog/models/channel_type)

Prints a line for each peer: what was compared, in how much both agree, and how many differ on purpose by which reason, told by what
both say. --show prints the cases of each reason, and those that none explains. Needs PyYAML.
"""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys

import yaml

PAGE = "https://shop.example.test/"
OF_CATEGORY = {"search": "Organic Search", "social": "Organic Social", "video": "Organic Video", "shopping": "Organic Shopping",
               "ai": "AI Assistants", "chatbot": "AI Assistants", "email": "Email", "unknown": "Referral", "other": "Referral"}

# Why an answer differs on purpose: the reason, the peers, what they say, what we say, in which cases. The first that fits.
REASONS = [
    ("an assistant is one wherever it lives", ".*", "Organic .*|Referral", "AI Assistants", ".*"),
    ("the page inside a cache or a translator counts, not what shows it", ".*", ".*", "Direct|Referral",
     r".*(translat|webcache|bingj|archive|[./]amp[./]).*"),
    ("what is read in a mail box is Email, be it on a search engine's host", ".*", "Organic Search|Referral", "Email", ".*"),
    ("Google has shops and videos on lists of their own", ".*", "Organic (Social|Search)", "Organic (Video|Shopping)", ".*"),
    ("Google's or Matomo's list has it", "referer-parser|snowplow", "Referral|Organic Social|Organic Search",
     "Organic (Social|Search|Shopping|Video)", ".*"),
    ("portals, job markets, misspelt hosts, engines that are gone: what they link to is no search", "matomo|referer-parser|snowplow",
     "Organic Search", "Referral|Organic .*", ".*"),
    ("a click id of a network that sells the engine's ads, or beside a referrer, is paid", "plausible", "Organic Search", "Paid Search",
     ".*(gclid|msclkid).*"),
    ("on no list of Google's or Matomo's: a login, a forum, an app", "matomo|referer-parser|snowplow", "Organic Social|Email",
     "Referral", ".*"),
    ("the peer's own name of a place, which nobody writes into utm_source, or a source without a medium that Google leaves unassigned",
     "plausible|snowplow", ".*", "Unassigned", ".*"),
]


def read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


def host_of(url):
    """A host that stands for a pattern of Matomo's, which writes a country as {}."""
    url = re.sub(r"^\{\}\.", "de.", url).replace(".{}", ".de")
    return None if "{" in url or "//" in url else url


def case(expected, referrer=None, page=PAGE, source=None, medium=None, campaign=None, term=None):
    return {"expected": expected, "given": [referrer, page, source, medium, campaign], "term": term}


def of_host(category, host):
    """A referrer of a host, or of an app."""
    is_app = re.fullmatch(r"(com|org|net|ru|me|io|de|edu|jp)\.[a-z0-9_]+(\.[a-z0-9_]+)+", host) is not None and host.count(".") > 1
    known = "/" in host or not is_app
    return case(OF_CATEGORY[category], referrer=f"https://{host}" if known else f"android-app://{host}/")


def matomo(folder):
    for entries in yaml.safe_load(read(folder / "SearchEngines.yml")).values():
        for entry in entries:
            yield from (of_host("search", host) for host in map(host_of, entry["urls"]) if host)
    for name, category in (("Socials.yml", "social"), ("AIAssistants.yml", "ai")):
        for urls in yaml.safe_load(read(folder / name)).values():
            yield from (of_host(category, url) for url in urls)


def referer_parser(folder):
    for category, places in yaml.safe_load(read(folder / "referers.yml")).items():
        if category != "paid":
            yield from (of_host(category, host) for place in places.values() for host in place["domains"])
    for test in json.loads(read(folder / "referer-tests.json") or "[]"):
        medium = test.get("medium")
        if medium in OF_CATEGORY and medium != "unknown":
            yield case(OF_CATEGORY[medium], referrer=test["uri"], term=test.get("term"))


def snowplow(folder):
    for row in csv.DictReader(read(folder / "ga4_source_categories.csv").splitlines()):
        category = row["source_category"].removeprefix("SOURCE_CATEGORY_").lower()
        source = row["source"].lower()
        yield of_host(category, source) if "." in source else case(OF_CATEGORY[category], source=source)


def plausible(folder):
    fields = re.compile(r"(\w+): \"([^\"]*)\"")
    for text in re.findall(r"%\{([^}]*expected:[^}]*)\}", read(folder / "acquisition_test.exs") or ""):
        have = dict(fields.findall(text))
        click, place = have.get("click_id_param"), have.get("referrer_source")
        source = have.get("utm_source") or (place if place and "." not in place else None)
        referrer = f"https://{place}/" if place and "." in place else None
        page = f"{PAGE}?{click}=1" if click else PAGE
        yield case(have["expected"], referrer, page, source, have.get("utm_medium"), have.get("utm_campaign"))


def posthog(folder):
    for name, kind, category, _, organic, _ in json.loads(read(folder / "channel_definitions.json")):
        if kind == "source" and organic:
            yield of_host("other", name) | {"expected": organic} if "." in name else case(organic, source=name)
        elif kind == "medium" and organic:
            yield case(organic.replace("Affiliate", "Affiliates").replace("Push", "Mobile Push Notifications"), medium=name)


PEERS = {"matomo": (matomo, "SearchEngines.yml"), "referer-parser": (referer_parser, "referers.yml"),
         "snowplow": (snowplow, "ga4_source_categories.csv"), "plausible": (plausible, "acquisition_test.exs"),
         "posthog": (posthog, "channel_definitions.json")}


def answers(cases):
    """Channel and search term of each case."""
    escape = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
    rows = ["\t".join([str(n)] + [r"\N" if text is None else text.translate(escape) for text in c["given"]]) for n, c in enumerate(cases)]
    sql = """CREATE TEMP TABLE asked (n int, referrer text, page text, source text, medium text, campaign text);
COPY asked FROM STDIN;
{}
\\.
SELECT json_build_array(a.channel, a.term) FROM asked AS q
CROSS JOIN LATERAL mrcall.arrival(q.referrer, q.page, q.source, q.medium, q.campaign) AS a ORDER BY q.n;
""".format("\n".join(rows))
    command = [os.path.join(os.environ["PGBIN"], "psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", os.environ["URL"]]
    done = subprocess.run(command, input=sql, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def reason_of(peer, expected, channel, given):
    text = " ".join(part for part in given if part)
    for reason, peers, theirs, ours, which in REASONS:
        parts = ((peers, peer), (theirs, expected), (ours, channel), (which, text))
        if all(re.fullmatch(pattern, value) for pattern, value in parts):
            return reason
    return None


def main():
    show = "--show" in sys.argv
    folders = [text for text in sys.argv[1:] if not text.startswith("--")]
    if len(folders) != 1:
        raise SystemExit(__doc__)
    print("| peer | compared | agree | terms compared | terms agree | on purpose | unexplained |")
    print("|---|---|---|---|---|---|---|")
    why, unexplained = {}, []
    for peer, (cases_of, file) in PEERS.items():
        folder = pathlib.Path(folders[0]) / peer
        if not (folder / file).exists():
            continue
        cases = {json.dumps(c): c for c in cases_of(folder)}
        cases = list(cases.values())
        agree, terms, same_terms, explained, open_cases = 0, 0, 0, 0, []
        for c, (channel, term) in zip(cases, answers(cases), strict=True):
            if c["term"] is not None:
                terms += 1
                same_terms += c["term"].split() == (term or "").split()
            if channel == c["expected"]:
                agree += 1
                continue
            reason = reason_of(peer, c["expected"], channel, c["given"])
            if reason:
                explained += 1
                why.setdefault(reason, {}).setdefault(peer, []).append(c["given"][0] or c["given"][2])
            else:
                open_cases.append((peer, c["expected"], channel, [part for part in c["given"] if part and part != PAGE]))
        unexplained += open_cases
        print(f"| {peer} | {len(cases)} | {agree} ({100 * agree / len(cases):.1f} %) | {terms} | {same_terms} | {explained} | "
              f"{len(open_cases)} |")
    print("\n| differs on purpose | by peer | for example |\n|---|---|---|")
    for reason, peers in why.items():
        numbers = ", ".join(f"{peer} {len(cases)}" for peer, cases in peers.items())
        print(f"| {reason} | {numbers} | {next(iter(peers.values()))[0]} |")
    if show:
        for line in unexplained:
            print(*line)
        for reason, peers in why.items():
            for peer, cases in peers.items():
                print(f"# {reason}: {peer}:", *[str(text) for text in cases])


if __name__ == "__main__":
    main()
