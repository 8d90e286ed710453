-- Conversational AI: the flow's state machine and the variables it speaks with.

CREATE TABLE public.decision_table (
    instance text NOT NULL,
    state text NOT NULL,
    execution_order integer NOT NULL DEFAULT 0,
    action text NOT NULL DEFAULT '',
    transition text,
    queries jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (instance, state)
);
COMMENT ON TABLE public.decision_table IS 'The state machine of the conversation flow, one row per state.';
COMMENT ON COLUMN public.decision_table.instance IS 'The StarChat instance (a flow of its own) that the state is in.';
COMMENT ON COLUMN public.decision_table.execution_order IS 'Order in which the states are tried, lowest first.';
COMMENT ON COLUMN public.decision_table.action IS 'What StarChat does on entering the state, empty for speech only.';
COMMENT ON COLUMN public.decision_table.transition IS 'The state that follows, NULL where the conversation ends.';
COMMENT ON COLUMN public.decision_table.queries IS 'Example phrases that lead to the state, array of text.';
CREATE INDEX decision_table_execution_order_idx ON public.decision_table (instance, execution_order);

CREATE TABLE public.business_variable (
    name text PRIMARY KEY,
    type text NOT NULL DEFAULT 'text',
    human_name_multilang jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE public.business_variable IS 'Variables that a business can configure.';
COMMENT ON COLUMN public.business_variable.human_name_multilang IS 'Name shown to people, by language code.';

CREATE TABLE public.template_business_variable (
    template_name text NOT NULL,
    variable_name text NOT NULL,
    visible boolean NOT NULL DEFAULT true,
    modifiable boolean NOT NULL DEFAULT true,
    PRIMARY KEY (template_name, variable_name)
);
COMMENT ON TABLE public.template_business_variable IS 'Which variables a template offers.';
COMMENT ON COLUMN public.template_business_variable.template_name IS 'template.name.';
COMMENT ON COLUMN public.template_business_variable.variable_name IS 'business_variable.name.';
CREATE INDEX template_business_variable_variable_name_idx ON public.template_business_variable (variable_name);

CREATE TABLE public.business_datastore (
    id text NOT NULL,
    namespace text NOT NULL,
    document jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, namespace)
);
COMMENT ON TABLE public.business_datastore IS 'Key-value store of each business.';
COMMENT ON COLUMN public.business_datastore.id IS
    'Business id, with a key of the business''s own after a slash if any.';
