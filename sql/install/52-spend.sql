-- What was spent on advertising. Definitions: docs/marketing.md.

CREATE TABLE mrcall.spend (
    day date NOT NULL CONSTRAINT spend_day_check CHECK (pg_catalog.isfinite(day)),
    channel text NOT NULL CONSTRAINT spend_channel_check CHECK (channel OPERATOR(pg_catalog.<>) ''),
    campaign text,
    cost numeric NOT NULL
        CONSTRAINT spend_cost_check CHECK (cost OPERATOR(pg_catalog.>=) 0 AND cost OPERATOR(pg_catalog.<) 'Infinity'::numeric),
    currency text NOT NULL CONSTRAINT spend_currency_check CHECK (currency OPERATOR(pg_catalog.~) '^[A-Z]{3}$'),
    CONSTRAINT spend_key UNIQUE NULLS NOT DISTINCT (day, channel, campaign, currency)
);
COMMENT ON TABLE mrcall.spend IS
    'What advertising cost, by day, channel and campaign; mrcall.roas puts it beside what it brought';
COMMENT ON COLUMN mrcall.spend.day IS 'The day, in the zone that mrcall.roas is given';
COMMENT ON COLUMN mrcall.spend.channel IS 'A channel as in mrcall.touches';
COMMENT ON COLUMN mrcall.spend.campaign IS 'A campaign as in mrcall.touches; NULL where the cost belongs to none';
COMMENT ON COLUMN mrcall.spend.cost IS 'In units of the currency, zero or above';
COMMENT ON COLUMN mrcall.spend.currency IS 'ISO 4217 in upper case';

ALTER TABLE mrcall.spend OWNER TO @extowner@;

SELECT pg_catalog.pg_extension_config_dump('mrcall.spend', '');
