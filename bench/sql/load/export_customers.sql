SELECT id AS customer_id, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at FROM public.customers_registry
