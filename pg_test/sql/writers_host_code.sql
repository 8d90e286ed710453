-- Functions that write or read for an erasure run the application's triggers, policies, domains and functions as it wrote them: with
-- the caller's search_path; and its errors come through as they are.
\pset footer off
CREATE SCHEMA app;
CREATE TABLE app.audit_log (what text);
CREATE TABLE app.tenants (realm text);
INSERT INTO app.tenants VALUES ('home'), ('R-tenant');
SET LOCAL search_path = app, public;
-- As applications write them: nothing is qualified.
CREATE FUNCTION app.checked(d jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN d IS NULL OR NOT d ? 'realm' OR EXISTS (SELECT FROM tenants WHERE realm = d ->> 'realm');
END $$;
CREATE DOMAIN app.document AS jsonb CHECK (app.checked(VALUE));
CREATE TABLE app.customers (id text PRIMARY KEY, document document, created_at timestamptz, role text, realm text DEFAULT 'home');
CREATE FUNCTION app.log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_log (what) VALUES (TG_WHEN || ' ' || new.id);
    IF new.document ? 'broken' THEN
        PERFORM (new.document ->> 'broken')::int;
    ELSIF new.document ? 'refused' THEN
        RAISE EXCEPTION 'no' USING ERRCODE = 'MR001', HINT = 'the application says so';
    END IF;
    RETURN CASE WHEN new.document ? 'kept' THEN NULL ELSE new END;
END $$;
CREATE TRIGGER before_it BEFORE UPDATE ON app.customers FOR EACH ROW EXECUTE FUNCTION log_change();
CREATE TRIGGER after_it AFTER UPDATE ON app.customers FOR EACH ROW EXECUTE FUNCTION log_change();
CREATE FUNCTION app.my_realm(r text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN EXISTS (SELECT FROM tenants WHERE realm = r); END $$;
CREATE FUNCTION app.my_realm_too(r text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM tenants WHERE realm = r) $$;
ALTER TABLE app.customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.customers FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.customers USING (my_realm(realm) AND my_realm_too(realm));
INSERT INTO app.customers (id, document) VALUES ('ann', '{"realm": "home"}'), ('broken', '{"broken": "x"}'), ('refused', '{"refused": 1}'),
    ('kept', '{"kept": 1}');
SELECT mrcall.attach('{"customers": {"table": "app.customers"}}');
SELECT mrcall.link_visitor('ann', 'browser-0001');
SELECT mrcall.link_visitor('ann', 'browser-0002');
SELECT mrcall.unlink_visitor('ann', 'browser-0002');
SELECT document FROM app.customers WHERE id = 'ann';
SELECT what, count(*) FROM audit_log GROUP BY 1 ORDER BY 1;
-- Its errors are its own; what it keeps silently is said.
SELECT mrcall.link_visitor('broken', 'browser-0001');
SELECT mrcall.link_visitor('refused', 'browser-0001');
SELECT mrcall.link_visitor('kept', 'browser-0001');
-- A customer whom a policy hides is none.
UPDATE app.customers SET realm = 'home' WHERE id = 'ann';
DELETE FROM tenants WHERE realm = 'home';
SELECT mrcall.link_visitor('ann', 'browser-0003');
INSERT INTO tenants VALUES ('home');

-- A key of another type, a domain over it, and a type that brings its own equality.
CREATE DOMAIN app.number AS bigint CHECK (VALUE > 0);
CREATE TABLE app.accounts (nr number PRIMARY KEY, document jsonb, created_at timestamptz, role text, realm text);
INSERT INTO app.accounts (nr) VALUES (7);
SELECT mrcall.attach('{"customers": {"table": "app.accounts", "columns": {"customer_id": "nr"}}}');
SELECT mrcall.link_visitor('7', 'browser-0001');
SELECT mrcall.link_visitor('-7', 'browser-0001');
SELECT mrcall.link_visitor('seven', 'browser-0001');
SELECT mrcall.link_visitor('99999999999999999999', 'browser-0001');
SELECT nr, document FROM app.accounts;

-- doctor, forget and export_customer read by the same path; doctor says what else would not.
CREATE TABLE app.shops (business_id text, owner text, template text, created_at timestamptz, subscription_status text,
    stripe_customer_id text, time_zone text);
INSERT INTO app.shops (business_id, owner) VALUES ('R-shop', 'R-owner');
CREATE FUNCTION app.my_owner(o text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN (SELECT o FROM tenants LIMIT 1); END $$;
CREATE FUNCTION app.my_time(t text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce(t, (SELECT 'never' FROM tenants LIMIT 1)) $$;
SELECT mrcall.attach('{"businesses": {"table": "app.shops", "columns": {"owner": "app.my_owner(owner)",
    "created_at": "app.my_time(created_at::text)"}}}');
INSERT INTO mrcall.session_archive (business_id, started_at, call_id) VALUES ('R-shop', '2025-01-01Z', 'R-call');
SELECT severity, object, finding FROM mrcall.doctor() WHERE object LIKE 'businesses.%' OR severity = 'error';
SELECT object, fix FROM mrcall.doctor() WHERE object LIKE 'app.my%';
SELECT jsonb_array_length(mrcall.export_customer('R-owner') -> 'mrcall.session_archive') AS exported;
SELECT * FROM mrcall.forget('R-owner');
ALTER FUNCTION app.my_owner SET search_path = app, pg_temp;
SELECT object FROM mrcall.doctor() WHERE object LIKE 'app.my%';

-- Objects that stand in front of the server's own change nothing.
SELECT mrcall.attach('{}');
CREATE SCHEMA evil;
CREATE FUNCTION evil.boom(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.boom(jsonb, jsonb) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.boom(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.boom(text[], text[]) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.boom(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.merge(jsonb, jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.field(jsonb, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.left(text, integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.jsonb_typeof(jsonb) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.jsonb_build_object(text, text) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE OPERATOR evil.= (FUNCTION = evil.boom, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.<> (FUNCTION = evil.boom, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.~ (FUNCTION = evil.boom, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.!~ (FUNCTION = evil.boom, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.@> (FUNCTION = evil.boom, LEFTARG = jsonb, RIGHTARG = jsonb);
CREATE OPERATOR evil.= (FUNCTION = evil.boom, LEFTARG = jsonb, RIGHTARG = jsonb);
CREATE OPERATOR evil.= (FUNCTION = evil.boom, LEFTARG = bigint, RIGHTARG = integer);
CREATE OPERATOR evil.> (FUNCTION = evil.boom, LEFTARG = bigint, RIGHTARG = integer);
CREATE OPERATOR evil.= (FUNCTION = evil.boom, LEFTARG = text[], RIGHTARG = text[]);
CREATE OPERATOR evil.&& (FUNCTION = evil.boom, LEFTARG = text[], RIGHTARG = text[]);
CREATE OPERATOR evil.< (FUNCTION = evil.boom, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR evil.|| (FUNCTION = evil.merge, LEFTARG = jsonb, RIGHTARG = jsonb);
CREATE OPERATOR evil.->> (FUNCTION = evil.field, LEFTARG = jsonb, RIGHTARG = text);
INSERT INTO public.customers_registry (id, document) VALUES ('R-evil', '{"a": 1}');
CREATE TEMP TABLE doctor_before ON COMMIT DROP AS SELECT * FROM mrcall.doctor();
SET LOCAL search_path = evil, pg_catalog, public;
SELECT 'evil'::text = 'x'::text AS shadowed;
SELECT mrcall.link_visitor('R-evil', 'browser-0001');
SELECT mrcall.link_visitor('R-evil', 'browser-0001');
SELECT mrcall.link_visitor('R-evil', 'browser-0002');
SELECT mrcall.unlink_visitor('R-evil', 'browser-0001');
SELECT mrcall.link_visitor('R-nobody', 'browser-0001');
SELECT mrcall.link_visitor('R-evil', 'x');
SELECT mrcall.export_customer('R-evil');
SELECT * FROM mrcall.forget('R-evil');
CREATE TEMP TABLE doctor_evil ON COMMIT DROP AS SELECT * FROM mrcall.doctor();
SET LOCAL search_path = public;
SELECT document FROM public.customers_registry WHERE id = 'R-evil';
SELECT count(*) AS differences FROM ((TABLE doctor_before EXCEPT ALL TABLE doctor_evil)
                                     UNION ALL (TABLE doctor_evil EXCEPT ALL TABLE doctor_before)) AS d;
