-- Core: customers, templates and businesses, calls, address books.

CREATE TABLE public.customers_registry (
    id text PRIMARY KEY,
    role text NOT NULL DEFAULT 'user',
    realm text NOT NULL DEFAULT 'mrcall',
    document jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.customers_registry IS 'User accounts, one per Firebase user.';
COMMENT ON COLUMN public.customers_registry.id IS 'Firebase user id.';
COMMENT ON COLUMN public.customers_registry.document IS
    'Profile. website_session_id is the browser (mrcall_sid) seen last at a sign-up or login, website_session_ids the '
    'array of all browsers in order of first linking; older documents have only the former, some have neither.';
COMMENT ON COLUMN public.customers_registry.created_at IS 'When the account was made: the moment of sign-up.';
CREATE INDEX customers_registry_created_at_idx ON public.customers_registry (created_at);
CREATE INDEX customers_registry_website_session_id_idx
    ON public.customers_registry ((document ->> 'website_session_id'));
CREATE INDEX customers_registry_website_session_ids_idx
    ON public.customers_registry USING gin ((document -> 'website_session_ids') jsonb_path_ops);

-- Before business, which refers to it.
CREATE TABLE public.template (
    name text PRIMARY KEY,
    trial_days integer NOT NULL DEFAULT 0 CHECK (trial_days >= 0),
    recurrent_resources jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.template IS 'Business templates (plan configurations).';
COMMENT ON COLUMN public.template.recurrent_resources IS
    'What a business receives every month, by category: {"minutes": 300, "calls": 200}.';

CREATE TABLE public.business (
    business_id text PRIMARY KEY,
    owner text REFERENCES public.customers_registry (id) ON DELETE SET NULL,
    template text REFERENCES public.template (name) ON DELETE SET NULL,
    business_phone_number text,
    service_number text,
    stripe_customer_id text,
    subscription_status text NOT NULL DEFAULT 'none',
    created_at timestamptz NOT NULL DEFAULT now(),
    time_zone text NOT NULL DEFAULT 'UTC'
);
COMMENT ON TABLE public.business IS 'One per MrCall subscriber; a customer may own several.';
COMMENT ON COLUMN public.business.business_phone_number IS 'The number the business is known by, E.164.';
COMMENT ON COLUMN public.business.service_number IS
    'The number MrCall answers, E.164; its provisioning stands in service_number.';
COMMENT ON COLUMN public.business.subscription_status IS
    'none, trialing, active, past_due, canceled or incomplete, as the newest subscription has it.';
COMMENT ON COLUMN public.business.time_zone IS 'IANA name of the zone the business lives by.';
CREATE INDEX business_owner_idx ON public.business (owner);
CREATE INDEX business_template_idx ON public.business (template);
CREATE INDEX business_stripe_customer_id_idx ON public.business (stripe_customer_id);
CREATE INDEX business_created_at_idx ON public.business (created_at);

-- A hypertable where TimescaleDB is installed (90-hypertables.sql), so every key contains start_timestamp. The foreign
-- key goes from the hypertable to a plain table, which TimescaleDB allows; it costs an index probe per inserted row,
-- and a short lock on business whenever a new chunk is made.
CREATE TABLE public.sessions (
    id text NOT NULL,
    business_id text REFERENCES public.business (business_id) ON DELETE SET NULL,
    owner text,
    start_timestamp timestamptz NOT NULL,
    state_variables jsonb NOT NULL DEFAULT '{}',
    data jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (id, start_timestamp)
);
COMMENT ON TABLE public.sessions IS 'Call sessions, hypertable by start_timestamp where TimescaleDB is installed.';
COMMENT ON COLUMN public.sessions.owner IS 'customers_registry.id of the owner at the time of the call.';
COMMENT ON COLUMN public.sessions.state_variables IS
    'Variables of the conversation; state is the last state of the decision table that was reached.';
COMMENT ON COLUMN public.sessions.data IS
    'What is known of the call: end_timestamp (ISO 8601 text, absent while the call runs), outcome, answered '
    '(boolean), answered_at (ISO 8601 text), caller, medium (phone, web or whatsapp), language, direction (inbound or '
    'outbound; absent: inbound), agent (who answered).';
CREATE INDEX sessions_business_id_start_timestamp_idx ON public.sessions (business_id, start_timestamp);
CREATE INDEX sessions_start_timestamp_idx ON public.sessions (start_timestamp);

CREATE TABLE public.sessions_ids (
    id text PRIMARY KEY,
    start_timestamp timestamptz NOT NULL
);
COMMENT ON TABLE public.sessions_ids IS
    'Index of session ids: tells the start_timestamp, hence the chunk, of a session that is known by its id only.';

CREATE TABLE public.contact (
    contact_id text PRIMARY KEY,
    business_id text REFERENCES public.business (business_id) ON DELETE SET NULL,
    display_name text,
    variables jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.contact IS 'A business''s address book.';
COMMENT ON COLUMN public.contact.variables IS 'Business variables with a value of their own for this contact.';
CREATE INDEX contact_business_id_idx ON public.contact (business_id);

-- One number may stand in the address books of several businesses, so it is no key by itself.
CREATE TABLE public.phone_details (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    number text NOT NULL,
    contact_id text REFERENCES public.contact (contact_id) ON DELETE SET NULL,
    country_alpha2 text CHECK (country_alpha2 ~ '^[A-Z]{2}$'),
    number_type text,
    UNIQUE (number, contact_id)
);
COMMENT ON TABLE public.phone_details IS 'Phone number metadata, one row per number of a contact.';
COMMENT ON COLUMN public.phone_details.number IS 'The number in E.164 form.';
COMMENT ON COLUMN public.phone_details.country_alpha2 IS 'ISO 3166-1 alpha-2 code of the number''s country.';
COMMENT ON COLUMN public.phone_details.number_type IS 'mobile, fixed_line, voip, toll_free or unknown.';
CREATE INDEX phone_details_contact_id_idx ON public.phone_details (contact_id);
