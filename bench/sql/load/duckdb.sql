-- Tables of DuckDB from the exported files; {dir} is where they are.
CREATE OR REPLACE TABLE events AS
SELECT event_id, session_id, make_timestamp(created_at) AS created_at, event_type, page_url, referrer, utm_source, utm_medium,
       utm_campaign
FROM read_csv('{dir}/events.csv', header = true, nullstr = '\N', types = {'event_id': 'VARCHAR', 'session_id': 'VARCHAR',
    'created_at': 'BIGINT', 'event_type': 'VARCHAR', 'page_url': 'VARCHAR', 'referrer': 'VARCHAR', 'utm_source': 'VARCHAR',
    'utm_medium': 'VARCHAR', 'utm_campaign': 'VARCHAR'});
CREATE OR REPLACE TABLE customers AS
SELECT customer_id, make_timestamp(created_at) AS created_at
FROM read_csv('{dir}/customers.csv', header = true, types = {'customer_id': 'VARCHAR', 'created_at': 'BIGINT'});
CREATE OR REPLACE TABLE browsers AS
SELECT * FROM read_csv('{dir}/browsers.csv', header = true, types = {'customer_id': 'VARCHAR', 'session_id': 'VARCHAR'});
CREATE OR REPLACE TABLE calls AS
SELECT business_id, make_timestamp(started_at) AS started_at, make_timestamp(ended_at) AS ended_at, outcome,
       answered = 1 AS answered, caller
FROM read_csv('{dir}/calls.csv', header = true, nullstr = '\N', types = {'business_id': 'VARCHAR', 'started_at': 'BIGINT',
    'ended_at': 'BIGINT', 'outcome': 'VARCHAR', 'answered': 'INTEGER', 'caller': 'VARCHAR'});
CHECKPOINT;
