    report constant mrcall_internal.report := ROW(
        {range}, conversion, lookback, {dimension}, gap, coalesce(restart, false),
        ROW(coalesce(exclude_bots, false),
            array_remove(exclude_channels, NULL), nullif(array_remove(include_channels, NULL), '{}'),
            array_remove(exclude_campaigns, NULL), nullif(array_remove(include_campaigns, NULL), '{}'),
            array_remove(exclude_referrers, NULL), array_remove(exclude_visitors, NULL)));
