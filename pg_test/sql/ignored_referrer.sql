-- mrcall.ignored_referrer: hosts that a visitor comes back from without a new arrival.
INSERT INTO public.website_events (session_id, created_at, page_url, referrer) VALUES
    ('ignore-pay', '2033-03-01 10:00+00', 'https://mrcall.ai/', 'https://www.google.com/'),
    -- Back from paying after an hour: a visit of its own, but nobody sent the visitor.
    ('ignore-pay', '2033-03-01 11:00+00', 'https://mrcall.ai/thanks', 'https://checkout.stripe.com/pay'),
    ('ignore-bank', '2033-03-01 10:00+00', 'https://mrcall.ai/', 'https://pay.bank.example/3ds'),
    ('ignore-none', '2033-03-01 10:00+00', 'https://mrcall.ai/', 'https://notbank.example/');
CREATE TEMP VIEW ours AS
SELECT visitor_id, touched_at, channel, source, referrer_domain FROM mrcall.touches WHERE touched_at >= '2033-01-01';
\set touches 'SELECT * FROM ours ORDER BY visitor_id, touched_at;'
:touches
-- A host of one's own, with its subdomains, but no other host that ends alike.
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('bank.example');
:touches
-- Switched off, and on again by inserting it again.
UPDATE mrcall.ignored_referrer SET ignored = false WHERE domain IN ('bank.example', 'checkout.stripe.com');
:touches
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('bank.example');
SELECT * FROM mrcall.ignored_referrer WHERE domain = 'bank.example';
-- One's own row goes when it is deleted; a built-in one stays, switched off, so that a dump knows of it.
DELETE FROM mrcall.ignored_referrer WHERE domain IN ('bank.example', 'accounts.google.com');
SELECT * FROM mrcall.ignored_referrer WHERE domain IN ('bank.example', 'accounts.google.com');
-- The immutable function keeps to its seed.
SELECT mrcall.is_arrival('https://accounts.google.com/', 'https://mrcall.ai/') AS seed,
       mrcall.is_arrival('https://pay.bank.example/', 'https://mrcall.ai/') AS not_in_seed;
-- Hosts that are none are refused.
\set VERBOSITY sqlstate
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('https://bank.example/');
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('Bank.Example');
INSERT INTO mrcall.ignored_referrer (domain) VALUES ('');
INSERT INTO mrcall.ignored_referrer (domain) VALUES (NULL);
INSERT INTO mrcall.ignored_referrer (domain, ignored) VALUES ('bank.example', NULL);
