-- Products, subscriptions, allocated resources, and the logs of the payment providers' webhooks.

CREATE TABLE public.product (
    name text PRIMARY KEY,
    product_type text NOT NULL,
    price_id jsonb NOT NULL DEFAULT '{}',
    resource_units integer NOT NULL DEFAULT 0 CHECK (resource_units >= 0)
);
COMMENT ON TABLE public.product IS 'Subscription products and plans.';
COMMENT ON COLUMN public.product.product_type IS 'subscription, or the resource category of a one-off pack.';
COMMENT ON COLUMN public.product.price_id IS
    'The Stripe price with the Apple product id: {"id": "price_…", "unit_amount": 2900, "currency": "eur", '
    '"apple": "com.mrcall.pro.monthly"}; unit_amount in minor units of the currency.';
COMMENT ON COLUMN public.product.resource_units IS 'Units that one purchase or one period brings.';

CREATE TABLE public.payment_subscription (
    id text PRIMARY KEY,
    business_id text REFERENCES public.business (business_id) ON DELETE SET NULL,
    provider text NOT NULL CHECK (provider IN ('stripe', 'apple')),
    status text NOT NULL,
    product text,
    created_at timestamptz NOT NULL DEFAULT now(),
    trial_end timestamptz,
    ended_at timestamptz
);
COMMENT ON TABLE public.payment_subscription IS 'Subscriptions, one row for each that a provider knows.';
COMMENT ON COLUMN public.payment_subscription.id IS
    'The provider''s own id: Stripe''s sub_…, Apple''s originalTransactionId.';
COMMENT ON COLUMN public.payment_subscription.status IS 'trialing, active, past_due, canceled or incomplete.';
COMMENT ON COLUMN public.payment_subscription.product IS 'product.name of what is subscribed.';
COMMENT ON COLUMN public.payment_subscription.trial_end IS 'End of the free trial, NULL without a trial.';
COMMENT ON COLUMN public.payment_subscription.ended_at IS 'When it ended, NULL while it goes on.';
CREATE INDEX payment_subscription_business_id_idx ON public.payment_subscription (business_id);
CREATE INDEX payment_subscription_created_at_idx ON public.payment_subscription (created_at);

CREATE TABLE public.business_resources (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    business_id text REFERENCES public.business (business_id) ON DELETE SET NULL,
    category text NOT NULL,
    expiration timestamptz,
    amount numeric NOT NULL DEFAULT 0,
    remaining numeric NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.business_resources IS 'Resources (minutes, calls) allocated to a business.';
COMMENT ON COLUMN public.business_resources.expiration IS 'When what remains lapses, NULL for never.';
CREATE INDEX business_resources_business_id_idx ON public.business_resources (business_id);

-- Logs: no foreign keys, they keep what arrived whatever happens to the rest.
CREATE TABLE public.stripe_webhooks_registry (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.stripe_webhooks_registry IS 'Log of Stripe webhook events, as delivered.';
COMMENT ON COLUMN public.stripe_webhooks_registry.id IS
    'Id of the delivery. Stripe''s own event id is document->>''id'', which may occur twice: Stripe delivers at least '
    'once.';
COMMENT ON COLUMN public.stripe_webhooks_registry.document IS 'The Stripe event object.';
COMMENT ON COLUMN public.stripe_webhooks_registry.created_at IS 'When the delivery arrived.';
CREATE INDEX stripe_webhooks_registry_created_at_idx ON public.stripe_webhooks_registry (created_at);
CREATE INDEX stripe_webhooks_registry_type_idx ON public.stripe_webhooks_registry ((document ->> 'type'), created_at);

CREATE TABLE public.apple_webhooks_registry (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.apple_webhooks_registry IS 'Log of Apple in-app-purchase webhook events, as delivered.';
COMMENT ON COLUMN public.apple_webhooks_registry.id IS
    'Id of the delivery. Apple''s own id is document->>''notificationUUID'' and may occur twice.';
COMMENT ON COLUMN public.apple_webhooks_registry.document IS
    'App Store Server Notification V2; its transaction is decoded in data.transactionInfo, or still signed (JWS) in '
    'data.signedTransactionInfo.';
COMMENT ON COLUMN public.apple_webhooks_registry.created_at IS 'When the delivery arrived.';
CREATE INDEX apple_webhooks_registry_created_at_idx ON public.apple_webhooks_registry (created_at);
CREATE INDEX apple_webhooks_registry_type_idx
    ON public.apple_webhooks_registry ((document ->> 'notificationType'), created_at);
