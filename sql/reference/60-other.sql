-- Generic stores, other channels of conversation, StarChat's own instances.

CREATE TABLE public.general_purpose_registry (
    namespace text NOT NULL,
    id text NOT NULL,
    document jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (namespace, id)
);
COMMENT ON TABLE public.general_purpose_registry IS 'Generic namespaced key-value store, values in JSON.';

CREATE TABLE public.keyvalue_registry (
    namespace text NOT NULL,
    key text NOT NULL,
    value text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (namespace, key)
);
COMMENT ON TABLE public.keyvalue_registry IS 'Generic namespaced key-value store, values in text.';

CREATE TABLE public.webcall_registry (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    session_id text,
    business_id text,
    user_agent text,
    document jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.webcall_registry IS 'Calling sessions from a browser.';
COMMENT ON COLUMN public.webcall_registry.session_id IS 'sessions.id of the call, NULL when none came about.';
CREATE INDEX webcall_registry_session_id_idx ON public.webcall_registry (session_id);
CREATE INDEX webcall_registry_business_id_idx ON public.webcall_registry (business_id, created_at);

-- A log: no foreign keys.
CREATE TABLE public.whatsapp_messages (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    business_id text,
    session_id text,
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    from_number text NOT NULL,
    to_number text NOT NULL,
    body text,
    status text NOT NULL DEFAULT 'received',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.whatsapp_messages IS 'WhatsApp message log.';
COMMENT ON COLUMN public.whatsapp_messages.session_id IS 'sessions.id of the conversation, if any.';
CREATE INDEX whatsapp_messages_business_id_idx ON public.whatsapp_messages (business_id, created_at);

CREATE TABLE public.instance_registry (
    id text PRIMARY KEY,
    status text NOT NULL DEFAULT 'running',
    document jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.instance_registry IS 'StarChat service instances.';
COMMENT ON COLUMN public.instance_registry.last_seen_at IS 'Last heartbeat.';
