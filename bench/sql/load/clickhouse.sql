-- Tables of ClickHouse from the exported files; {dir} is where they are. No NULL in text, which would cost a second column:
-- an empty text says the same here. Sorted by what the jobs group by.
DROP TABLE IF EXISTS events SYNC;
CREATE TABLE events (
    event_id String, session_id String, created_at DateTime64(6, 'UTC'), event_type LowCardinality(String), page_url String,
    referrer LowCardinality(String), utm_source LowCardinality(String), utm_medium LowCardinality(String),
    utm_campaign LowCardinality(String)
) ENGINE = MergeTree ORDER BY (session_id, created_at);
INSERT INTO events
SELECT event_id, session_id, fromUnixTimestamp64Micro(created_at, 'UTC'), event_type, ifNull(page_url, ''), ifNull(referrer, ''),
       ifNull(utm_source, ''), ifNull(utm_medium, ''), ifNull(utm_campaign, '')
FROM file('{dir}/events.csv', 'CSVWithNames', 'event_id String, session_id String, created_at Int64, event_type String,
    page_url Nullable(String), referrer Nullable(String), utm_source Nullable(String), utm_medium Nullable(String),
    utm_campaign Nullable(String)');
OPTIMIZE TABLE events FINAL;
DROP TABLE IF EXISTS customers SYNC;
CREATE TABLE customers (customer_id String, created_at DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY customer_id;
INSERT INTO customers
SELECT customer_id, fromUnixTimestamp64Micro(created_at, 'UTC')
FROM file('{dir}/customers.csv', 'CSVWithNames', 'customer_id String, created_at Int64');
DROP TABLE IF EXISTS browsers SYNC;
CREATE TABLE browsers (customer_id String, session_id String) ENGINE = MergeTree ORDER BY session_id;
INSERT INTO browsers
SELECT customer_id, session_id FROM file('{dir}/browsers.csv', 'CSVWithNames', 'customer_id String, session_id String');
DROP TABLE IF EXISTS calls SYNC;
CREATE TABLE calls (
    business_id String, started_at DateTime64(6, 'UTC'), ended_at Nullable(DateTime64(6, 'UTC')), outcome LowCardinality(String),
    answered Nullable(Bool), caller String
) ENGINE = MergeTree ORDER BY (business_id, started_at);
INSERT INTO calls
SELECT ifNull(business_id, ''), fromUnixTimestamp64Micro(started_at, 'UTC'), fromUnixTimestamp64Micro(ended_at, 'UTC'),
       ifNull(outcome, ''), answered = 1, ifNull(caller, '')
FROM file('{dir}/calls.csv', 'CSVWithNames', 'business_id Nullable(String), started_at Int64, ended_at Nullable(Int64),
    outcome Nullable(String), answered Nullable(Int8), caller Nullable(String)');
OPTIMIZE TABLE calls FINAL;
