ROW({range}, conversion, lookback, {dimension}, gap, coalesce(restart, false),
               ROW(coalesce(exclude_bots, false),
                   mrcall_internal.listed(exclude_channels, 'exclude_channels'),
                   nullif(mrcall_internal.listed(include_channels, 'include_channels'), '{}'),
                   mrcall_internal.listed(exclude_campaigns, 'exclude_campaigns'),
                   nullif(mrcall_internal.listed(include_campaigns, 'include_campaigns'), '{}'),
                   mrcall_internal.listed(exclude_referrers, 'exclude_referrers'),
                   mrcall_internal.listed(exclude_visitors, 'exclude_visitors')))::mrcall_internal.report AS report
