# make demo and make test are all that a newcomer needs; both do the whole set-up.
# Settings: PG=15…18, TIMESCALEDB=0, TSL_SOURCE=folder, VISITORS=20000, SEED=42, UNTIL=2026-05-31, FRESH=1,
# LOG=access.log[.gz], URL=…, MINUTES=30
.PHONY: help demo report test clients fuzz soak lint bench bench-engine all install release release-test upgrade-test setup start stop status psql url clean-cluster clean

help:
	@echo "make demo    sets up, fills a demo database with data until yesterday, prints its reports"
	@echo "             [VISITORS=20000 SEED=42 UNTIL=2026-05-31 LOG=access.log.gz; FRESH=1 makes them anew]"
	@echo "make report  draws them: build/report.html, of the demo or of any database [URL=postgresql://… SINCE=2026-05-01 UNTIL= ZONE=]"
	@echo "make test    sets up and runs every test  [TSL_SOURCE=folder: TimescaleDB's community edition from its source tree too]"
	@echo "make clients JDBC, Scala, Node, Python, dbt and PgBouncer, each as its user uses it"
	@echo "make fuzz    calls every function with arguments that nobody meant  [MINUTES=30 SEED=1]"
	@echo "make soak    the tests that have a size at their full size: hours"
	@echo "make psql    opens the demo database; make -s url prints its URI"
	@echo "make start | stop | status    the private server; make clean-cluster removes it and its data"
	@echo "make bench   the extension, plain SQL, DuckDB and ClickHouse side by side [VISITORS=100000, CALLS=5000000, JOB=facts]"
	@echo "make bench-engine    each bit trick of the engine beside its plain form"
	@echo "make install PG_CONFIG=/usr/lib/postgresql/17/bin/pg_config    builds it for a server of yours and installs it there"
	@echo "make release    dist/: the source with its crates, Debian's packages, SBOM, checksums; as root, in roots by debootstrap"
	@echo "make release-test    makes it twice, compares, and installs each package into another fresh root [RELEASES=bookworm]"
	@echo "make upgrade-test    builds a next version beside this one, and upgrades to it with everything in place"
	@echo "make lint    format, clippy, shell and SQL checks"
	@echo "Everywhere: PG=17 chooses the PostgreSQL, TIMESCALEDB=0 goes without TimescaleDB."

demo:
	@scripts/demo.sh

report:
	@scripts/report.sh

test:
	@scripts/test.sh

clients:
	@scripts/clients.sh

fuzz:
	@scripts/setup.sh fuzz && MINUTES=$${MINUTES:-30} scripts/test.sh fuzz && grep -E '^(seed|figure)' build/log/test-fuzz.log

soak:
	@scripts/setup.sh fuzz && scripts/soak.sh

lint:
	@scripts/lint.sh

bench:
	@scripts/bench.sh

bench-engine:
	@cargo bench -p mrcall_engine

# PGXN's client calls it before install.
all:
	@PG_CONFIG="$(PG_CONFIG)" scripts/install.sh build

install:
	@PG_CONFIG="$(PG_CONFIG)" DESTDIR="$(DESTDIR)" scripts/install.sh

release:
	@packaging/release.sh

release-test:
	@packaging/release_test.sh

upgrade-test:
	@SOAK=1 scripts/test.sh upgrade

setup:
	@scripts/setup.sh all

start: setup
	@scripts/cluster.sh start && scripts/cluster.sh status

stop:
	@scripts/cluster.sh stop

status:
	@scripts/cluster.sh status

psql:
	@scripts/demo.sh --only-data >&2 && scripts/cluster.sh psql

url:
	@scripts/demo.sh --only-data >&2 && scripts/cluster.sh url

clean-cluster:
	@scripts/cluster.sh remove

clean: clean-cluster
	rm -rf build target
