-- Infrastructure: numbers, caches, API access, retention, scheduled jobs.

CREATE TABLE public.service_number (
    id text PRIMARY KEY,
    provider text NOT NULL,
    businessid text,
    iso_alpha2 text CHECK (iso_alpha2 ~ '^[A-Z]{2}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.service_number IS 'Provisioned phone numbers.';
COMMENT ON COLUMN public.service_number.id IS 'The number in E.164 form, as in business.service_number.';
COMMENT ON COLUMN public.service_number.provider IS 'Telephone provider that routes the number.';
COMMENT ON COLUMN public.service_number.businessid IS 'business.business_id that holds it, NULL while it is free.';
COMMENT ON COLUMN public.service_number.iso_alpha2 IS 'ISO 3166-1 alpha-2 code of the number''s country.';
CREATE INDEX service_number_businessid_idx ON public.service_number (businessid);

CREATE TABLE public.audio_cache (
    id text PRIMARY KEY,
    text text NOT NULL,
    provider text NOT NULL,
    language text NOT NULL,
    audio_s3_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.audio_cache IS 'Text-to-speech audio that was made once and is played again.';
COMMENT ON COLUMN public.audio_cache.id IS 'Digest of text, provider, voice and language.';
COMMENT ON COLUMN public.audio_cache.audio_s3_key IS 'Key of the audio file in the object store.';

CREATE TABLE public.api_key_users (
    id text PRIMARY KEY,
    password text NOT NULL,
    salt text NOT NULL,
    permissions jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.api_key_users IS 'Users of the API.';
COMMENT ON COLUMN public.api_key_users.password IS 'Salted digest, never the password itself.';
COMMENT ON COLUMN public.api_key_users.permissions IS 'Permissions by instance: {"instance": ["read", "write"]}.';

CREATE TABLE public.session_retention_policies (
    business_id text PRIMARY KEY,
    archive_after_days integer CHECK (archive_after_days > 0),
    delete_after_days integer CHECK (delete_after_days > 0)
);
COMMENT ON TABLE public.session_retention_policies IS
    'How long a business''s sessions are kept; no row means for ever.';
COMMENT ON COLUMN public.session_retention_policies.business_id IS
    'business.business_id, without a foreign key: a policy goes on binding the calls of a business that was deleted.';
COMMENT ON COLUMN public.session_retention_policies.archive_after_days IS 'NULL for never.';
COMMENT ON COLUMN public.session_retention_policies.delete_after_days IS 'NULL for never.';

CREATE TABLE public.cron_job_atoms (
    atom_id text PRIMARY KEY,
    state_name text NOT NULL,
    parameters_schema jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE public.cron_job_atoms IS 'Kinds of scheduled job that a business can set up.';
COMMENT ON COLUMN public.cron_job_atoms.state_name IS 'decision_table.state that the job runs.';
COMMENT ON COLUMN public.cron_job_atoms.parameters_schema IS 'JSON Schema of the parameters.';

CREATE TABLE public.business_cron_jobs (
    job_id text PRIMARY KEY,
    business_id text NOT NULL,
    cron_expression text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    atom_id text,
    parameters jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.business_cron_jobs IS 'Scheduled jobs of each business; Quartz runs them.';
COMMENT ON COLUMN public.business_cron_jobs.cron_expression IS 'Quartz cron expression, in the business''s time zone.';
COMMENT ON COLUMN public.business_cron_jobs.atom_id IS 'cron_job_atoms.atom_id of what is run.';
CREATE INDEX business_cron_jobs_business_id_idx ON public.business_cron_jobs (business_id);
