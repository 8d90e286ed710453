-- Loads a web server's log in the Combined Log Format as events of public.website_events; scripts/load_log.sh feeds it:
--   … | psql -d DATABASE -v log_name=access.log -v log_host=example.org -v longest=16777216 -f load_log.sql
-- Standard input is CSV of two columns: a line's number, a tab, the line, cut after longest + 1 bytes; a last row numbered -1
-- says that the log was read to its end. Every byte is a character (LATIN1), so none can be refused; control characters
-- arrive as \x01.
--
-- Every well-formed line is one row; every other line is counted with the reason. All of it or nothing is written.
--   line        address ident user [17/May/2015:10:05:03 +0000] "request" status bytes "referrer" "user agent"
--               \" and \\ in a field are a quote and a backslash; further fields, after a blank, are left aside; a line that is
--               no UTF-8 is read as Latin-1, control characters become U+FFFD
--   session_id  md5 in hex of address, blank, user agent: a visitor is both together; [::1] is the address ::1
--   created_at  the line's time with its own zone
--   event_type  page_view  what a person sees as a page: GET, answered by 2xx or 304, no asset
--               asset      GET or HEAD of a path that ends like a file that pages show or offer (list below), or of a feed:
--                          …/feed, …/rss, …/atom, or a parameter feed, flav or format that says so
--               request    all others: redirects, errors, HEAD, POST, OPTIONS, and what is no HTTP at all
--   page_url    the address asked for, NULL where the request names none. The log has no host: it is log_host or, when that is
--               empty, the one that most referrers name that lead from a page of this log (the referrer of an asset, or one
--               whose path was asked for; in the first 100,000 lines), localhost when there is none. A scheme may stand before
--               log_host, else it is https.
--   referrer, user_agent   NULL where the log says - or nothing
--   properties  method, status and bytes (null for -), or the request itself where it is no HTTP
-- The figures stay in public.demo_log, for sql/demo/report_log.sql.
\set ON_ERROR_STOP on
\set QUIET on
\set SHOW_CONTEXT never
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
SET standard_conforming_strings = on;
BEGIN;
SET LOCAL search_path = public, pg_temp;
-- Compiling would take longer than it saves.
SET LOCAL jit = off;
SET LOCAL work_mem = '192MB';

CREATE TEMP TABLE log_line (line_no bigint, line text) ON COMMIT DROP;
\copy pg_temp.log_line FROM PSTDIN WITH (FORMAT csv, DELIMITER E'\t', QUOTE E'\x02', ENCODING 'LATIN1')

CREATE FUNCTION pg_temp.from_bytes(line text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN convert_from(convert_to(line, 'LATIN1'), 'UTF8');
EXCEPTION WHEN character_not_in_repertoire THEN
    RETURN line;
END
$$;

-- 17/May/2015:10:05:03 +0000, digits and letters where they belong; NULL for what is no time of the calendar.
CREATE FUNCTION pg_temp.log_time(stamp text) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF strpos('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec', substr(stamp, 4, 3)) = 0 THEN
        RETURN NULL;
    END IF;
    RETURN (substr(stamp, 8, 4) || '-' || substr(stamp, 4, 3) || '-' || left(stamp, 2) || ' ' || substr(stamp, 13))::timestamptz;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;

-- The lines as text, cut at their quotes; \x03 and \x04 stand for an escaped backslash and quote. Here and below, each OFFSET 0
-- keeps the planner from computing what is under it once for every use.
CREATE TEMP VIEW log_cut AS
SELECT
    d.line_no, d.line, d.is_coded, string_to_array(
        CASE WHEN d.is_coded THEN replace(replace(d.line, '\\', E'\x03'), '\"', E'\x04') ELSE d.line END, '"') AS parts
FROM (
    SELECT t.line_no, t.line, strpos(t.line, '\') > 0 OR strpos(t.line, E'\x01') > 0 AS is_coded
    FROM (
        SELECT l.line_no, CASE WHEN l.line IS NULL THEN ''
                               WHEN octet_length(l.line) = length(l.line) THEN l.line
                               ELSE pg_temp.from_bytes(l.line) END AS line
        FROM log_line AS l
        WHERE l.line_no > 0
        OFFSET 0
    ) AS t
    OFFSET 0
) AS d
OFFSET 0;

-- Every line, checked, and what it says of the request; reason says why a line is refused.
CREATE TEMP TABLE log_request ON COMMIT DROP AS
SELECT
    q.line_no, q.reason, q.created_at, q.session_id, q.method, q.target, q.path, q.status, q.bytes, q.referrer, q.agent,
    CASE WHEN q.method IS NULL THEN q.request END AS request,
    CASE
        WHEN q.reason IS NOT NULL THEN NULL
        WHEN q.method IN ('GET', 'HEAD') AND (
            -- What a file that pages show or offer ends with.
            q.ending IN ('css', 'js', 'mjs', 'map', 'json', 'xml', 'xsl', 'rss', 'rdf', 'atom', 'ico', 'cur', 'png', 'jpg', 'jpeg',
                'gif', 'svg', 'svgz', 'webp', 'avif', 'bmp', 'tif', 'tiff', 'woff', 'woff2', 'ttf', 'otf', 'eot', 'swf', 'jar',
                'mp3', 'mp4', 'm4a', 'm4v', 'ogg', 'ogv', 'weba', 'webm', 'wav', 'flac', 'mov', 'avi', 'txt', 'log', 'csv', 'pdf',
                'doc', 'docx', 'xls', 'xlsx', 'ppt', 'pptx', 'odt', 'epub', 'zip', 'gz', 'tgz', 'bz2', 'xz', '7z', 'rar', 'tar',
                'deb', 'rpm', 'apk', 'exe', 'msi', 'dmg', 'iso', 'img', 'bin', 'wasm', 'ics')
            OR lower(split_part(rtrim(q.path, '/'), '/', -1)) IN ('feed', 'rss', 'atom')
            OR strpos(q.target, '?') > 0 AND q.target ~* '[?&](feed|flav|format)=(rss|atom|rdf)'
        ) THEN 'asset'
        WHEN q.method = 'GET' AND q.target IS NOT NULL AND (left(q.status, 1) = '2' OR q.status = '304') THEN 'page_view'
        ELSE 'request'
    END AS event_type
FROM (
    SELECT b.*, CASE WHEN strpos(b.path, '.') > 0 THEN lower(split_part(b.path, '.', -1)) END AS ending
    FROM (
        SELECT
            a.*, CASE
                WHEN a.target IS NULL THEN NULL
                WHEN left(a.target, 1) = '/' THEN split_part(split_part(a.target, '?', 1), '#', 1)
                ELSE coalesce(substring(a.target FROM '^[^:]*://[^/?#]*([^?#]*)'), '')
            END AS path
        FROM (
            SELECT m.*, CASE WHEN left(m.asked, 1) = '/' OR m.asked ~* '^https?://' THEN m.asked END AS target
            FROM (
                SELECT
                    x.line_no, x.reason, x.created_at, md5(x.address || ' ' || x.agent) AS session_id, x.request,
                    left(x.answer, 3) AS status, nullif(split_part(x.answer, ' ', 2), '-')::bigint AS bytes, x.referrer,
                    nullif(nullif(x.agent, '-'), '') AS agent,
                    CASE WHEN x.is_http THEN split_part(x.request, ' ', 1) END AS method,
                    CASE WHEN x.is_http THEN substr(
                        CASE WHEN split_part(x.request, ' ', -1) LIKE 'HTTP/%'
                            THEN left(x.request, -1 - length(split_part(x.request, ' ', -1))) ELSE x.request END,
                        strpos(x.request, ' ') + 1) END AS asked
                FROM (
                    SELECT
                        r.line_no, r.reason, r.created_at, ltrim(r.parts[3]) AS answer,
                        r.parts[2] LIKE 'GET /%' OR r.parts[2] ~ '^[A-Z_-]{1,20} [^ ]' AS is_http,
                        CASE WHEN r.is_coded THEN translate(r.address, E'\x01', '�') ELSE r.address END AS address,
                        CASE WHEN r.is_coded THEN translate(r.parts[2], E'\x03\x04\x01', '\"�') ELSE r.parts[2] END AS request,
                        CASE WHEN r.parts[4] IN ('-', '') THEN NULL
                             WHEN r.is_coded THEN translate(r.parts[4], E'\x03\x04\x01', '\"�') ELSE r.parts[4] END AS referrer,
                        CASE WHEN r.is_coded THEN translate(r.parts[6], E'\x03\x04\x01', '\"�') ELSE r.parts[6] END AS agent
                    FROM (
                        SELECT
                            c.line_no, c.address, c.created_at, c.is_coded, CASE WHEN c.created_at IS NOT NULL THEN c.parts END AS parts,
                            CASE
                                WHEN c.created_at IS NOT NULL THEN NULL
                                WHEN rtrim(c.line, E' \x01') = '' THEN 'empty line'
                                WHEN octet_length(c.line) > :longest THEN 'longer than ' || :longest || ' bytes'
                                WHEN c.has_fields AND c.parts[1] ~ '^[^ ]+ (?:[^ ]+ [^ ]+|- .+) \[[^]]*\] $' THEN 'unreadable time'
                                WHEN c.parts[4] IS NULL AND c.parts[3] ~ '^ [0-9]{3} ([0-9]{1,18}|-)[ \x01]*$'
                                    THEN 'Common Log Format, without referrer and user agent'
                                ELSE 'not the Combined Log Format'
                            END AS reason
                        FROM (
                            SELECT
                                s.*, CASE WHEN s.is_combined THEN btrim(split_part(s.parts[1], ' ', 1), '[]') END AS address,
                                CASE WHEN s.is_combined THEN pg_temp.log_time(substr(right(s.parts[1], 28), 1, 26)) END AS created_at
                            FROM (
                                SELECT
                                    o.*, o.has_fields AND o.parts[1] ~ ('^[^ ]+ (?:[^ ]+ [^ ]+|- .+) '
                                        '\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\] $') AS is_combined
                                FROM (
                                    SELECT
                                        p.*, coalesce(p.parts[5] = ' ' AND p.parts[3] ~ '^ [0-9]{3} ([0-9]{1,18}|-) $'
                                            AND (p.parts[7] IN ('', E'\x01') OR p.parts[7] LIKE ' %')
                                            AND octet_length(p.line) <= :longest, false) AS has_fields
                                    FROM pg_temp.log_cut AS p
                                    OFFSET 0
                                ) AS o
                                OFFSET 0
                            ) AS s
                            OFFSET 0
                        ) AS c
                        OFFSET 0
                    ) AS r
                    OFFSET 0
                ) AS x
                OFFSET 0
            ) AS m
            OFFSET 0
        ) AS a
        OFFSET 0
    ) AS b
    OFFSET 0
) AS q;

-- Where the pages are: see page_url above.
SELECT coalesce(
    CASE WHEN :'log_host' ~ '://' THEN :'log_host' WHEN :'log_host' <> '' THEN 'https://' || :'log_host' END,
    (SELECT r.origin
     FROM (
         SELECT
             lower(substring(q.referrer FROM '^([Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9._-]+(:[0-9]+)?)(/|$)')) AS origin, q.is_asset,
             split_part(split_part(substring(q.referrer FROM '^[^:]*://[^/]*(.*)'), '?', 1), '#', 1) AS path, q.lines
         FROM (
             SELECT g.referrer, g.event_type = 'asset' AS is_asset, count(*) AS lines
             FROM log_request AS g
             WHERE g.referrer IS NOT NULL AND g.line_no <= 100000
             GROUP BY 1, 2
         ) AS q
     ) AS r
     LEFT JOIN (SELECT DISTINCT q.path FROM log_request AS q WHERE q.event_type = 'page_view' AND q.path <> '/') AS own
         ON own.path = r.path
     WHERE r.origin IS NOT NULL AND (r.is_asset OR own.path IS NOT NULL)
     GROUP BY r.origin
     ORDER BY sum(r.lines) DESC, r.origin COLLATE "C"
     LIMIT 1),
    'http://localhost') AS origin \gset

-- Errors rather than half a log, or one of which nothing is known.
SELECT set_config('demo.log_name', :'log_name', true) \g /dev/null
DO $$
DECLARE
    lines bigint := (SELECT count(*) FROM log_line WHERE line_no > 0);
    reasons text := (SELECT string_agg(format('%s × %s', r.lines, r.reason), ', ' ORDER BY r.lines DESC, r.reason)
                     FROM (SELECT q.reason, count(*) AS lines FROM log_request AS q WHERE q.reason IS NOT NULL GROUP BY 1) AS r);
BEGIN
    IF NOT EXISTS (SELECT FROM log_line WHERE line_no = -1) THEN
        RAISE EXCEPTION '% could not be read to its end', current_setting('demo.log_name')
            USING ERRCODE = 'data_exception', HINT = 'Nothing was written; check the file: gzip -t, disk, rights.';
    ELSIF NOT EXISTS (SELECT FROM log_request WHERE reason IS NULL) THEN
        RAISE EXCEPTION 'no line of % is usable: %', current_setting('demo.log_name'),
            CASE WHEN lines = 0 THEN 'it is empty' ELSE format('%s lines refused (%s)', lines, reasons) END
            USING ERRCODE = 'data_exception', HINT = 'Nothing was written. A line of the Combined Log Format looks like this: '
                '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /page HTTP/1.1" 200 512 "http://from.example/" "Mozilla/5.0"';
    END IF;
END
$$;

-- Ids in the order of time, other ones at each load.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, referrer, user_agent, properties)
SELECT
    to_hex((extract(epoch FROM q.created_at) * 1000)::bigint) || '-' || load.tag || '-' || q.line_no, q.session_id, q.created_at,
    q.event_type, CASE WHEN left(q.target, 1) = '/' THEN :'origin' || q.target ELSE q.target END, q.referrer, q.agent,
    CASE WHEN q.method IS NULL THEN jsonb_build_object('request', q.request, 'status', q.status::int, 'bytes', q.bytes)
         ELSE jsonb_build_object('method', q.method, 'status', q.status::int, 'bytes', q.bytes) END
FROM log_request AS q
CROSS JOIN (SELECT left(md5(clock_timestamp()::text || random()), 12) AS tag OFFSET 0) AS load
WHERE q.reason IS NULL
ORDER BY q.created_at, q.line_no;

CREATE TABLE IF NOT EXISTS public.demo_log (
    log_name text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    origin text NOT NULL,
    is_taken boolean NOT NULL,
    kind text NOT NULL,
    lines bigint NOT NULL,
    first_lines text NOT NULL
);
COMMENT ON TABLE public.demo_log IS
    'What make demo LOG=… took and refused: lines per event type or reason, with the numbers of the first five.';
INSERT INTO public.demo_log (log_name, origin, is_taken, kind, lines, first_lines)
SELECT :'log_name', :'origin', true, q.event_type, count(*), min(q.line_no)::text
FROM log_request AS q
WHERE q.reason IS NULL
GROUP BY q.event_type
UNION ALL
SELECT
    :'log_name', :'origin', false, f.reason, count(*),
    string_agg(f.line_no::text, ', ' ORDER BY f.line_no) FILTER (WHERE f.place <= 5) || CASE WHEN count(*) > 5 THEN ', …' ELSE '' END
FROM (
    SELECT q.reason, q.line_no, row_number() OVER (PARTITION BY q.reason ORDER BY q.line_no) AS place
    FROM log_request AS q
    WHERE q.reason IS NOT NULL
) AS f
GROUP BY f.reason;
COMMIT;

ANALYZE public.website_events;
\ir report/functions.sql
\ir report/log_lines.sql
